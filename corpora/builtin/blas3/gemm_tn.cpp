// C := A^T * B; A is k x m, B is k x n, C is m x n, all row-major; accumulates rank-one updates.
void gemm_tn(int m, int n, int k, const double *A, const double *B, double *C)
{
    for (int i = 0; i < m * n; ++i)
        C[i] = 0.0;
    for (int p = 0; p < k; ++p)
        for (int i = 0; i < m; ++i)
        {
            double a = A[p * m + i];
            for (int j = 0; j < n; ++j)
                C[i * n + j] += a * B[p * n + j];
        }
}
