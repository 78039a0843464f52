// Solves L x = b in place (b enters in x), L unit lower triangular in an n x n row-major array.
void trsv(int n, const double *L, double *x)
{
    for (int j = 0; j < n; j++) {
        const double xj = x[j];
        for (int i = j + 1; i < n; i++)
            x[i] -= L[i * n + j] * xj;
    }
}
