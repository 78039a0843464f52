// Solves L X = B in place (B becomes X); the diagonal of L is nonzero; L is n x n lower triangular, B is n x m, row-major; a thread per column.
__global__ void trsm_kernel(int n, int m, const double *L, double *B)
{
    int j = blockIdx.x * blockDim.x + threadIdx.x;
    if (j >= m) return;
    for (int i = 0; i < n; i++) {
        double b = B[i * m + j];
        for (int p = 0; p < i; p++)
            b -= L[i * n + p] * B[p * m + j];
        B[i * m + j] = b / L[i * n + i];
    }
}

void trsm(int n, int m, const double *L, double *B)
{
    double *dL, *dB;
    cudaMalloc((void **)&dL, (size_t)n * n * sizeof(double));
    cudaMalloc((void **)&dB, (size_t)n * m * sizeof(double));
    cudaMemcpy(dL, L, (size_t)n * n * sizeof(double), cudaMemcpyHostToDevice);
    cudaMemcpy(dB, B, (size_t)n * m * sizeof(double), cudaMemcpyHostToDevice);
    trsm_kernel<<<(m + 63) / 64, 64>>>(n, m, dL, dB);
    cudaDeviceSynchronize();
    cudaMemcpy(B, dB, (size_t)n * m * sizeof(double), cudaMemcpyDeviceToHost);
    cudaFree(dL);
    cudaFree(dB);
}
