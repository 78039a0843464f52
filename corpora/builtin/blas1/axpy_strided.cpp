// y[i*incy] += a * x[i*incx] for i in [0, n); incx, incy >= 1.
void axpy_strided(int n, double a, const double *x, int incx, double *y, int incy) {
    int ix = 0, iy = 0;
    if (a == 0.0) return;
    for (int i = 0; i < n; ++i) {
        y[iy] += a * x[ix];
        ix += incx;
        iy += incy;
    }
}
