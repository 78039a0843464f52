// row_sums: index and temporary are private
// expected: EQUIVALENT
void work(int n, int m, const double *a, double *s) {
    int i, j;
    double t;
    #pragma omp parallel for private(j, t)
    for (i = 0; i < n; i++) {
        t = 0.0;
        for (j = 0; j < m; j++) t += a[i * m + j];
        s[i] = t;
    }
}
