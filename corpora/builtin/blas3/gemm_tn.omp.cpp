// C := A^T * B; A is k x m, B is k x n, C is m x n, all row-major; every thread owns rows of C.
void gemm_tn(int m, int n, int k, const double *A, const double *B, double *C)
{
    #pragma omp parallel for
    for (int i = 0; i < m; ++i)
    {
        for (int j = 0; j < n; ++j)
            C[i * n + j] = 0.0;
        for (int p = 0; p < k; ++p)
        {
            double a = A[p * m + i];
            for (int j = 0; j < n; ++j)
                C[i * n + j] += a * B[p * n + j];
        }
    }
}
