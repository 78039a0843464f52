// packed: ordered
// expected: EQUIVALENT
int work(int n, const double *x, double *y) {
    int k = 0;
    #pragma omp parallel for ordered schedule(static, 4)
    for (int i = 0; i < n; i++) {
        #pragma omp ordered
        if (x[i] > 0.0) y[k++] = x[i];
    }
    return k;
}
