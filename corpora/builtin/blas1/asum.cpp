// Returns the sum of absolute values of every incx-th element; incx >= 1.
double asum(int n, const double *x, int incx)
{
    double s = 0;
    for (int i = 0; i < n; i++)
        s += fabs(x[i * incx]);
    return s;
}
