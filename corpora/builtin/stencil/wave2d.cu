// Leapfrog step of the 2-D wave equation; c2 = (c dt / dx)^2; the frame is clamped to zero.
#define BX 16
#define BY 8

__global__ void wave2d_tile(int nx, int ny, float c2, const float *prev, const float *cur, float *next)
{
    __shared__ float s[BY + 2][BX + 2];
    int i = blockIdx.x * BX + threadIdx.x;
    int j = blockIdx.y * BY + threadIdx.y;
    int tx = threadIdx.x + 1, ty = threadIdx.y + 1;
    bool valid = i < nx && j < ny;
    int id = j * nx + i;
    if (valid) {
        s[ty][tx] = cur[id];
        if (threadIdx.x == 0 && i > 0) s[ty][0] = cur[id - 1];
        if (threadIdx.x == BX - 1 && i < nx - 1) s[ty][BX + 1] = cur[id + 1];
        if (threadIdx.y == 0 && j > 0) s[0][tx] = cur[id - nx];
        if (threadIdx.y == BY - 1 && j < ny - 1) s[BY + 1][tx] = cur[id + nx];
    }
    __syncthreads();
    if (!valid)
        return;
    float v = 0.0f;
    if (i > 0 && i < nx - 1 && j > 0 && j < ny - 1) {
        float lap = s[ty][tx - 1] + s[ty][tx + 1] + s[ty - 1][tx] + s[ty + 1][tx] - 4.0f * s[ty][tx];
        v = 2.0f * s[ty][tx] - prev[id] + c2 * lap;
    }
    next[id] = v;
}

void wave2d(int nx, int ny, float c2, const float* prev, const float* cur, float* next)
{
    float *prev_d = nullptr;
    cudaMalloc(&prev_d, sizeof(float) * nx * ny);
    cudaMemcpy(prev_d, prev, sizeof(float) * nx * ny, cudaMemcpyHostToDevice);
    float *cur_d = nullptr;
    cudaMalloc(&cur_d, sizeof(float) * nx * ny);
    cudaMemcpy(cur_d, cur, sizeof(float) * nx * ny, cudaMemcpyHostToDevice);
    float *next_d = nullptr;
    cudaMalloc(&next_d, sizeof(float) * nx * ny);

    dim3 block(BX, BY);
    dim3 grid((nx + BX - 1) / BX, (ny + BY - 1) / BY);
    wave2d_tile<<<grid, block>>>(nx, ny, c2, prev_d, cur_d, next_d);

    cudaMemcpy(next, next_d, sizeof(float) * nx * ny, cudaMemcpyDeviceToHost);
    cudaFree(prev_d);
    cudaFree(cur_d);
    cudaFree(next_d);
}
