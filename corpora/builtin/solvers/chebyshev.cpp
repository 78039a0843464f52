// Chebyshev semi-iteration, `iters` steps, on A = tridiag(-1, 4, -1), whose spectrum lies in (2, 6).
// x enters as the first guess; r and d are scratch vectors of length n.
void chebyshev(int n, int iters, const double *b, double *x, double *r, double *d)
{
    const double centre = 4.0, half = 2.0;
    double alpha = 0.0;
    for (int k = 0; k < iters; k++) {
        for (int i = 0; i < n; i++) {
            r[i] = b[i] - 4.0 * x[i];
            if (i > 0) r[i] += x[i - 1];
            if (i < n - 1) r[i] += x[i + 1];
        }
        double beta = 0.0;
        if (k == 1) {
            beta = 0.5 * (half * alpha) * (half * alpha);
        } else if (k > 1) {
            beta = (half * alpha / 2.0) * (half * alpha / 2.0);
        }
        alpha = k == 0 ? 1.0 / centre : 1.0 / (centre - beta / alpha);
        for (int i = 0; i < n; i++) {
            d[i] = k == 0 ? r[i] : r[i] + beta * d[i];
            x[i] += alpha * d[i];
        }
    }
}
