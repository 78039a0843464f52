// C := alpha * A * B + beta * C; A is m x k, B is k x n, C is m x n, all row-major; shared-memory tiles.
#define TILE 16

__global__ void gemm_kernel(int m, int n, int k, float alpha, const float *A, const float *B, float beta, float *C)
{
    __shared__ float As[TILE][TILE];
    __shared__ float Bs[TILE][TILE];
    int row = blockIdx.y * TILE + threadIdx.y;
    int col = blockIdx.x * TILE + threadIdx.x;
    float sum = 0.0f;
    for (int t = 0; t < (k + TILE - 1) / TILE; t++) {
        int ac = t * TILE + threadIdx.x;
        int br = t * TILE + threadIdx.y;
        As[threadIdx.y][threadIdx.x] = (row < m && ac < k) ? A[row * k + ac] : 0.0f;
        Bs[threadIdx.y][threadIdx.x] = (br < k && col < n) ? B[br * n + col] : 0.0f;
        __syncthreads();
        for (int p = 0; p < TILE; p++)
            sum += As[threadIdx.y][p] * Bs[p][threadIdx.x];
        __syncthreads();
    }
    if (row < m && col < n)
        C[row * n + col] = alpha * sum + beta * C[row * n + col];
}

void gemm(int m, int n, int k, float alpha, const float *A, const float *B, float beta, float *C)
{
    float *dA, *dB, *dC;
    cudaMalloc((void **)&dA, (size_t)m * k * sizeof(float));
    cudaMalloc((void **)&dB, (size_t)k * n * sizeof(float));
    cudaMalloc((void **)&dC, (size_t)m * n * sizeof(float));
    cudaMemcpy(dA, A, (size_t)m * k * sizeof(float), cudaMemcpyHostToDevice);
    cudaMemcpy(dB, B, (size_t)k * n * sizeof(float), cudaMemcpyHostToDevice);
    cudaMemcpy(dC, C, (size_t)m * n * sizeof(float), cudaMemcpyHostToDevice);
    dim3 block(TILE, TILE);
    dim3 grid((n + TILE - 1) / TILE, (m + TILE - 1) / TILE);
    gemm_kernel<<<grid, block>>>(m, n, k, alpha, dA, dB, beta, dC);
    cudaMemcpy(C, dC, (size_t)m * n * sizeof(float), cudaMemcpyDeviceToHost);
    cudaFree(dA);
    cudaFree(dB);
    cudaFree(dC);
}
