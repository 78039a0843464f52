// C := A^T * B; A is k x m, B is k x n, C is m x n, all row-major; one thread per entry.
__global__ void gemm_tn_kernel(int m, int n, int k, const double *A, const double *B, double *C)
{
    int j = blockIdx.x * blockDim.x + threadIdx.x;
    int i = blockIdx.y * blockDim.y + threadIdx.y;
    if (i >= m || j >= n)
        return;
    double sum = 0.0;
    for (int p = 0; p < k; ++p)
        sum += A[p * m + i] * B[p * n + j];
    C[i * n + j] = sum;
}

void gemm_tn(int m, int n, int k, const double *A, const double *B, double *C)
{
    double *a, *b, *c;
    cudaMalloc(&a, sizeof(double) * k * m);
    cudaMalloc(&b, sizeof(double) * k * n);
    cudaMalloc(&c, sizeof(double) * m * n);
    cudaMemcpy(a, A, sizeof(double) * k * m, cudaMemcpyHostToDevice);
    cudaMemcpy(b, B, sizeof(double) * k * n, cudaMemcpyHostToDevice);
    dim3 block(16, 16);
    dim3 grid((n + 15) / 16, (m + 15) / 16);
    gemm_tn_kernel<<<grid, block>>>(m, n, k, a, b, c);
    cudaMemcpy(C, c, sizeof(double) * m * n, cudaMemcpyDeviceToHost);
    cudaFree(a);
    cudaFree(b);
    cudaFree(c);
}
