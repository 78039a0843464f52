void multiply_bytes(const signed char *A, const signed char *B, int *C, int M, int N, int K)
{
    int row, col, k;
    for (row = 0; row < M; row++) {
        for (col = 0; col < N; col++) {
            int sum = 0;
            for (k = 0; k < K; k++) {
                sum += (int)A[row * K + k] * (int)B[col * K + k];
            }
            C[row * N + col] = sum;
        }
    }
}
