// sums of rows
void work(const float *a, float *y, int m, int n) {
    for (int i = 0; i < m; i++) {
        float s = 0;
        for (int j = 0; j < n; j++) s += a[i * n + j];
        y[i] = s;
    }
}
