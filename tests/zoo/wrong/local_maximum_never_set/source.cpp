// maximum of every row
void work(const float *a, float *y, int m, int n) {
    for (int i = 0; i < m; i++) {
        float s = a[i * n];
        for (int j = 1; j < n; j++) if (a[i * n + j] > s) s = a[i * n + j];
        y[i] = s;
    }
}
