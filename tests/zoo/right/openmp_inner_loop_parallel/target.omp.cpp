// downwards: only the independent loop is parallel
// expected: EQUIVALENT
void work(int n, int m, double *a) {
    for (int i = 1; i < n; i++) {
        #pragma omp parallel for
        for (int j = 0; j < m; j++) a[i * m + j] += 0.5 * a[(i - 1) * m + j];
    }
}
