// Residual r = f - A u of the 5-point Poisson operator (zero outside the grid); returns the sum of r^2.
double laplace_residual(int n, int m, double inv_h2, const double *u, const double *f, double *r)
{
    double total = 0.0;
    #pragma omp parallel for reduction(+:total)
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < m; j++) {
            int p = i * m + j;
            double up = i > 0 ? u[p - m] : 0.0;
            double down = i < n - 1 ? u[p + m] : 0.0;
            double left = j > 0 ? u[p - 1] : 0.0;
            double right = j < m - 1 ? u[p + 1] : 0.0;
            double res = f[p] - inv_h2 * (4.0 * u[p] - up - down - left - right);
            r[p] = res;
            total += res * res;
        }
    }
    return total;
}
