// Rank-one update A := A + alpha * x * y^T, A is m x n row-major; 2-D grid.
__global__ void ger_kernel(int m, int n, float alpha, const float *x, const float *y, float *A)
{
    int j = blockIdx.x * blockDim.x + threadIdx.x;
    int i = blockIdx.y * blockDim.y + threadIdx.y;
    if (i < m && j < n)
        A[i * n + j] += alpha * x[i] * y[j];
}

void ger(int m, int n, float alpha, const float *x, const float *y, float *A)
{
    float *dx, *dy, *dA;
    cudaMalloc(&dx, m * sizeof(float));
    cudaMalloc(&dy, n * sizeof(float));
    cudaMalloc(&dA, (size_t)m * n * sizeof(float));
    cudaMemcpy(dx, x, m * sizeof(float), cudaMemcpyHostToDevice);
    cudaMemcpy(dy, y, n * sizeof(float), cudaMemcpyHostToDevice);
    cudaMemcpy(dA, A, (size_t)m * n * sizeof(float), cudaMemcpyHostToDevice);
    dim3 threads(32, 8);
    dim3 blocks((n + 31) / 32, (m + 7) / 8);
    ger_kernel<<<blocks, threads>>>(m, n, alpha, dx, dy, dA);
    cudaMemcpy(A, dA, (size_t)m * n * sizeof(float), cudaMemcpyDeviceToHost);
    cudaFree(dx);
    cudaFree(dy);
    cudaFree(dA);
}
