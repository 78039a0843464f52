// dot: accumulates in single precision
// expected: MISMATCH
double work(const double *x, const double *y, int n) {
    float s = 0.0f;
    #pragma omp parallel for reduction(+ : s)
    for (int i = 0; i < n; i++) s += (float)(x[i] * y[i]);
    return s;
}
