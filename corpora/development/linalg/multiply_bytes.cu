__global__ void multiply_bytes(const signed char *A, const signed char *B, int *C, int M, int N, int K)
{
    int row = blockIdx.y * blockDim.y + threadIdx.y;
    int col = blockIdx.x * blockDim.x + threadIdx.x;
    if (row < M && col < N) {
        int sum = 0;
        for (int k = 0; k < K; k++) {
            sum += (int)A[row * K + k] * (int)B[col * K + k];
        }
        C[row * N + col] = sum;
    }
}
