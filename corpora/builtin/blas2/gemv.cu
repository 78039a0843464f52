// y := alpha * A * x + beta * y, A is m x n row-major; one warp per row.
__global__ void gemv_kernel(int m, int n, double alpha, const double *A, const double *x, double beta, double *y)
{
    int row = (blockIdx.x * blockDim.x + threadIdx.x) / 32;
    int lane = threadIdx.x % 32;
    if (row < m) {
        double sum = 0.0;
        for (int j = lane; j < n; j += 32)
            sum += A[(size_t)row * n + j] * x[j];
        for (int offset = 16; offset > 0; offset >>= 1)
            sum += __shfl_down_sync(0xffffffffu, sum, offset);
        if (lane == 0)
            y[row] = alpha * sum + beta * y[row];
    }
}

void gemv(int m, int n, double alpha, const double *A, const double *x, double beta, double *y)
{
    double *dA, *dx, *dy;
    cudaMalloc(&dA, sizeof(double) * m * n);
    cudaMalloc(&dx, sizeof(double) * n);
    cudaMalloc(&dy, sizeof(double) * m);
    cudaMemcpy(dA, A, sizeof(double) * m * n, cudaMemcpyHostToDevice);
    cudaMemcpy(dx, x, sizeof(double) * n, cudaMemcpyHostToDevice);
    cudaMemcpy(dy, y, sizeof(double) * m, cudaMemcpyHostToDevice);
    const int rows_per_block = 4;
    gemv_kernel<<<(m + rows_per_block - 1) / rows_per_block, 32 * rows_per_block>>>(m, n, alpha, dA, dx, beta, dy);
    cudaMemcpy(y, dy, sizeof(double) * m, cudaMemcpyDeviceToHost);
    cudaFree(dA);
    cudaFree(dx);
    cudaFree(dy);
}
