// `steps` explicit steps of the 2-D heat equation on rows x cols points; the frame keeps its values. old is scratch.
#define TILE 8
__global__ void step(int rows, int cols, double alpha, const double *old, double *t)
{
    __shared__ double tile[TILE + 2][TILE + 2];
    int j = blockIdx.x * TILE + threadIdx.x, i = blockIdx.y * TILE + threadIdx.y;
    for (int y = threadIdx.y; y < TILE + 2; y += TILE)
        for (int x = threadIdx.x; x < TILE + 2; x += TILE) {
            int gi = blockIdx.y * TILE + y - 1, gj = blockIdx.x * TILE + x - 1;
            tile[y][x] = gi >= 0 && gj >= 0 && gi < rows && gj < cols ? old[gi * cols + gj] : 0.0;
        }
    __syncthreads();
    if (i < 1 || j < 1 || i >= rows - 1 || j >= cols - 1)
        return;
    int y = threadIdx.y + 1, x = threadIdx.x + 1;
    double around = tile[y - 1][x] + tile[y + 1][x] + tile[y][x - 1] + tile[y][x + 1];
    t[i * cols + j] = tile[y][x] + alpha * (around - 4.0 * tile[y][x]);
}

void heat2d(int rows, int cols, int steps, double alpha, double *t, double *old)
{
    if (rows < 1 || cols < 1 || steps < 1)
        return;
    size_t bytes = sizeof(double) * rows * cols;
    double *d_t, *d_old;
    cudaMalloc((void **)&d_t, bytes);
    cudaMalloc((void **)&d_old, bytes);
    cudaMemcpy(d_t, t, bytes, cudaMemcpyHostToDevice);
    dim3 block(TILE, TILE), grid((cols + TILE - 1) / TILE, (rows + TILE - 1) / TILE);
    for (int s = 0; s < steps; s++) {
        cudaMemcpy(d_old, d_t, bytes, cudaMemcpyDeviceToDevice);
        step<<<grid, block>>>(rows, cols, alpha, d_old, d_t);
    }
    cudaMemcpy(t, d_t, bytes, cudaMemcpyDeviceToHost);
    cudaMemcpy(old, d_old, bytes, cudaMemcpyDeviceToHost);
    cudaFree(d_t);
    cudaFree(d_old);
}
