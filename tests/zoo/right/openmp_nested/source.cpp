// row_sums
void work(int n, int m, const double *a, double *s) {
    for (int i = 0; i < n; i++) {
        double t = 0.0;
        for (int j = 0; j < m; j++) t += a[i * m + j];
        s[i] = t;
    }
}
