// Leapfrog step of the 2-D wave equation with reflecting walls; c2 = (c dt / dx)^2.
// A 16 x 8 tile with a halo; outside the grid the halo repeats the wall's own value.
__global__ void wave2d_tile(int nx, int ny, float c2, const float *prev, const float *cur, float *next)
{
    __shared__ float s[10][18];
    int i = blockIdx.x * 16 + threadIdx.x;
    int j = blockIdx.y * 8 + threadIdx.y;
    int tx = threadIdx.x + 1, ty = threadIdx.y + 1;
    bool valid = i < nx && j < ny;
    int id = j * nx + i;
    float here = 0.0f;
    if (valid) {
        here = cur[id];
        s[ty][tx] = here;
        if (threadIdx.x == 0) s[ty][0] = i > 0 ? cur[id - 1] : here;
        if (threadIdx.x == 15 || i == nx - 1) s[ty][tx + 1] = i < nx - 1 ? cur[id + 1] : here;
        if (threadIdx.y == 0) s[0][tx] = j > 0 ? cur[id - nx] : here;
        if (threadIdx.y == 7 || j == ny - 1) s[ty + 1][tx] = j < ny - 1 ? cur[id + nx] : here;
    }
    __syncthreads();
    if (valid) {
        float around = s[ty][tx - 1] + s[ty][tx + 1] + s[ty - 1][tx] + s[ty + 1][tx];
        next[id] = 2.0f * here - prev[id] + c2 * (around - 4.0f * here);
    }
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

    dim3 block(16, 8);
    dim3 grid((nx + 15) / 16, (ny + 7) / 8);
    wave2d_tile<<<grid, block>>>(nx, ny, c2, prev_d, cur_d, next_d);

    cudaMemcpy(next, next_d, sizeof(float) * nx * ny, cudaMemcpyDeviceToHost);
    cudaFree(prev_d);
    cudaFree(cur_d);
    cudaFree(next_d);
}
