void tridiagonal_apply(int n, const float *lower, const float *diag, const float *upper, const float *x, float *y)
{
    int i;
    for (i = 0; i < n; i++) {
        y[i] = diag[i] * x[i];
        if (i > 0) y[i] += lower[i] * x[i - 1];
        if (i + 1 < n) y[i] += upper[i] * x[i + 1];
    }
}
