// Solves L X = B in place (B becomes X); the diagonal of L is nonzero; L is n x n lower triangular, B is n x m, row-major.
void trsm(int n, int m, const double *L, double *B)
{
    for (int i = 0; i < n; i++) {
        for (int p = 0; p < i; p++) {
            double l = L[i * n + p];
            for (int j = 0; j < m; j++)
                B[i * m + j] -= l * B[p * m + j];
        }
        for (int j = 0; j < m; j++)
            B[i * m + j] /= L[i * n + i];
    }
}
