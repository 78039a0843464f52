// scaled: private where firstprivate is meant
// expected: REFUSED
void work(int n, int k, const double *x, double *y) {
    double f = k * 0.5 + 1.0;
    #pragma omp parallel for private(f)
    for (int i = 0; i < n; i++) y[i] = x[i] * f;
}
