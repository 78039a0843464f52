// dot: the result is not returned
// expected: MISMATCH
void work(const double *x, const double *y, int n) {
    double s = 0.0;
    #pragma omp parallel for reduction(+ : s)
    for (int i = 0; i < n; i++) s += x[i] * y[i];
}
