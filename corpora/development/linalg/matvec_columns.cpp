void matvec_columns(long m, long n, const double *a, const double *x, double *y)
{
    long i, j;
    for (i = 0; i < m; i++) y[i] = 0;
    for (j = 0; j < n; j++) {
        double t = x[j];
        for (i = 0; i < m; i++)
            y[i] += t * a[j * m + i];
    }
}
