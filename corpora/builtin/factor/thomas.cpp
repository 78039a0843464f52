// Solves a tridiagonal system: lower a (a[0] unused), diagonal b and right side d (both overwritten), upper c (c[n-1] unused);
// the solution is x. The matrix should be diagonally dominant.
void thomas(int n, const double *a, double *b, const double *c, double *d, double *x)
{
    for (int i = 1; i < n; i++) {
        double w = a[i] / b[i - 1];
        b[i] -= w * c[i - 1];
        d[i] -= w * d[i - 1];
    }
    x[n - 1] = d[n - 1] / b[n - 1];
    for (int i = n - 2; i >= 0; i--)
        x[i] = (d[i] - c[i] * x[i + 1]) / b[i];
}
