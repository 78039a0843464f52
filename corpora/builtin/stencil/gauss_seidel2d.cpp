// One lexicographic Gauss-Seidel sweep for the Poisson equation, in place; the frame stays.
void gauss_seidel2d(int n, int m, double h2, const double *rhs, double *u)
{
    for (int i = 1; i < n - 1; i++)
        for (int j = 1; j < m - 1; j++)
            u[i * m + j] = 0.25 * (u[(i - 1) * m + j] + u[(i + 1) * m + j] + u[i * m + j - 1] + u[i * m + j + 1] + h2 * rhs[i * m + j]);
}
