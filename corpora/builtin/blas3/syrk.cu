// Lower triangle of C := alpha * A * A^T + beta * C; A is n x k, C is n x n, row-major; blocks above the diagonal stop.
__global__ void syrk_kernel(int n, int k, double alpha, const double *A, double beta, double *C)
{
    int i = blockIdx.y * blockDim.y + threadIdx.y;
    int j = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n && j <= i) {
        double s = 0.0;
        for (int p = 0; p < k; p++)
            s += A[i * k + p] * A[j * k + p];
        C[i * n + j] = beta * C[i * n + j] + alpha * s;
    }
}

void syrk(int n, int k, double alpha, const double *A, double beta, double *C) {
    double *dA, *dC;
    cudaMalloc(&dA, sizeof(double) * n * k);
    cudaMalloc(&dC, sizeof(double) * n * n);
    cudaMemcpy(dA, A, sizeof(double) * n * k, cudaMemcpyHostToDevice);
    cudaMemcpy(dC, C, sizeof(double) * n * n, cudaMemcpyHostToDevice);
    dim3 threads(8, 8);
    dim3 blocks((n + 7) / 8, (n + 7) / 8);
    syrk_kernel<<<blocks, threads>>>(n, k, alpha, dA, beta, dC);
    cudaMemcpy(C, dC, sizeof(double) * n * n, cudaMemcpyDeviceToHost);
    cudaFree(dA);
    cudaFree(dC);
}
