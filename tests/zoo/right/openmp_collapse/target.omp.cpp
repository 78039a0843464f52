// grid: both loops at once
// expected: EQUIVALENT
void work(int n, int m, double *a) {
    #pragma omp parallel for collapse(2) schedule(dynamic, 7)
    for (int i = 1; i < n; i++)
        for (int j = 0; j < m; j++) a[i * m + j] += 1.0 / (i + j + 1);
}
