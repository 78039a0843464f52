// C := A * B for a symmetric A (n x n) of which the upper triangle is read; B and C are n x m, row-major.
static double sym(const double *A, int n, int i, int j)
{
    return i <= j ? A[i * n + j] : A[j * n + i];
}

void symm(int n, int m, const double *A, const double *B, double *C)
{
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < m; j++) {
            double s = 0.0;
            for (int p = 0; p < n; p++)
                s += sym(A, n, i, p) * B[p * m + j];
            C[i * m + j] = s;
        }
    }
}
