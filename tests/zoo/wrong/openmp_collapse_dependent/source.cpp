// downwards
void work(int n, int m, double *a) {
    for (int i = 1; i < n; i++)
        for (int j = 0; j < m; j++) a[i * m + j] += 0.5 * a[(i - 1) * m + j];
}
