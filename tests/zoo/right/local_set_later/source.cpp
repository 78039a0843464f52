// smallest and second smallest of every row
void work(const float *a, float *y, int m, int n) {
    for (int i = 0; i < m; i++) {
        float first = a[i * n], second = a[i * n];
        for (int j = 1; j < n; j++) {
            float v = a[i * n + j];
            if (j == 1 || v < second) second = v;
            if (second < first) { float t = first; first = second; second = t; }
        }
        y[2 * i] = first;
        y[2 * i + 1] = second;
    }
}
