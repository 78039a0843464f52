// C := alpha * A * B + beta * C; A is m x k, B is k x n, C is m x n, all row-major.
void gemm(int m, int n, int k, float alpha, const float *A, const float *B, float beta, float *C)
{
    #pragma omp target teams distribute parallel for collapse(2) map(to: A[0:m * k], B[0:k * n]) map(tofrom: C[0:m * n])
    for (int i = 0; i < m; i++) {
        for (int j = 0; j < n; j++) {
            float sum = 0.0f;
            for (int p = 0; p < k; p++) {
                sum += A[i * k + p] * B[p * n + j];
            }
            C[i * n + j] = alpha * sum + beta * C[i * n + j];
        }
    }
}
