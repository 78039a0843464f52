// grid
void work(int n, int m, double *a) {
    for (int i = 1; i < n; i++)
        for (int j = 0; j < m; j++) a[i * m + j] += 1.0 / (i + j + 1);
}
