// packed: no race, but no order either
// expected: MISMATCH
int work(int n, const double *x, double *y) {
    int k = 0;
    #pragma omp parallel for
    for (int i = 0; i < n; i++)
        if (x[i] > 0.0) {
            #pragma omp critical
            y[k++] = x[i];
        }
    return k;
}
