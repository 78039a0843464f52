// Complex y := (ar + i ai) x + y; x and y hold n interleaved (real, imaginary) pairs.
void zaxpy(int n, double ar, double ai, const double *x, double *y)
{
    for (int i = 0; i < n; i++) {
        const double re = x[2 * i], im = x[2 * i + 1];
        y[2 * i]     += ar * re - ai * im;
        y[2 * i + 1] += ar * im + ai * re;
    }
}
