// recurrence
void work(int n, int m, double *a) {
    for (int i = 1; i < n * m; i++) a[i] = 0.5 * a[i - 1] + a[i];
}
