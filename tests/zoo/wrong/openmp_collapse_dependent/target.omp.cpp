// downwards: rows depend on each other
// expected: RACE
void work(int n, int m, double *a) {
    #pragma omp parallel for collapse(2)
    for (int i = 1; i < n; i++)
        for (int j = 0; j < m; j++) a[i * m + j] += 0.5 * a[(i - 1) * m + j];
}
