void strided_saxpby(int n, float a, const float *x, int incx, float b, float *y, int incy)
{
    int ix = 0, iy = 0;
    while (n-- > 0) {
        y[iy] = a * x[ix] + b * y[iy];
        ix += incx;
        iy += incy;
    }
}
