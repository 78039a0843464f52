// two_loops
void work(int n, const double *a, double *b, double *c) {
    for (int i = 0; i < n; i++) b[i] = 2.0 * a[i];
    for (int i = 0; i < n; i++) c[i] = a[n - 1 - i] + 1.0;
}
