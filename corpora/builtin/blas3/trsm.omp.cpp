// Solves L X = B in place (B becomes X); the diagonal of L is nonzero; L is n x n lower triangular, B is n x m, row-major; columns in parallel.
void trsm(int n, int m, const double *L, double *B)
{
    #pragma omp parallel for
    for (int j = 0; j < m; j++)
        for (int i = 0; i < n; i++) {
            double b = B[i * m + j];
            for (int p = 0; p < i; p++)
                b -= L[i * n + p] * B[p * m + j];
            B[i * m + j] = b / L[i * n + i];
        }
}
