void toeplitz_apply(const double *first, const double *x, double *y, int n)
{
    for (int i = 0; i < n; i++) {
        double s = 0;
        for (int j = 0; j < n; j++)
            s += first[i > j ? i - j : j - i] * x[j];
        y[i] = s;
    }
}
