// squares: lastprivate
// expected: EQUIVALENT
double work(int n, const double *x, double *y) {
    double t = 0.0;
    #pragma omp parallel for lastprivate(t)
    for (int i = 0; i < n; i++) {
        t = x[i] * x[i];
        y[i] = t;
    }
    return t;
}
