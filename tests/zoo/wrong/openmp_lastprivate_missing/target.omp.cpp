// squares: the last value is lost
// expected: MISMATCH
double work(int n, const double *x, double *y) {
    double t = 0.0;
    #pragma omp parallel for private(t)
    for (int i = 0; i < n; i++) {
        t = x[i] * x[i];
        y[i] = t;
    }
    return t;
}
