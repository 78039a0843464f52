// C_b := A_b * B_b for `batch` independent n x n row-major matrices; one block per matrix, threads stride over entries.
__global__ void gemm_batched_kernel(int n, const double *A, const double *B, double *C)
{
    int size = n * n;
    const double *a = A + (size_t)blockIdx.x * size;
    const double *b = B + (size_t)blockIdx.x * size;
    double *c = C + (size_t)blockIdx.x * size;
    for (int e = threadIdx.x; e < size; e += blockDim.x) {
        int i = e / n, j = e % n;
        double acc = 0.0;
        for (int p = 0; p < n; p++)
            acc += a[i * n + p] * b[p * n + j];
        c[e] = acc;
    }
}

void gemm_batched(int batch, int n, const double *A, const double *B, double *C)
{
    size_t bytes = (size_t)batch * n * n * sizeof(double);
    double *dA, *dB, *dC;
    cudaMalloc(&dA, bytes);
    cudaMalloc(&dB, bytes);
    cudaMalloc(&dC, bytes);
    cudaMemcpy(dA, A, bytes, cudaMemcpyHostToDevice);
    cudaMemcpy(dB, B, bytes, cudaMemcpyHostToDevice);
    gemm_batched_kernel<<<batch, 64>>>(n, dA, dB, dC);
    cudaMemcpy(C, dC, bytes, cudaMemcpyDeviceToHost);
    cudaFree(dA);
    cudaFree(dB);
    cudaFree(dC);
}
