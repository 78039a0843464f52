// Solves L y = b, L lower triangular with nonzero diagonal, n x n row-major.
void forward_substitution(int n, const double *L, const double *b, double *y)
{
    int i, j;
    for (i = 0; i < n; i++)
    {
        double sum = b[i];
        for (j = 0; j < i; j++)
            sum -= L[i * n + j] * y[j];
        y[i] = sum / L[i * n + i];
    }
}
