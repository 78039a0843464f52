// maximum
void work(const int *x, int *out, int n) {
    int m = x[0];
    for (int i = 1; i < n; i++) if (x[i] > m) m = x[i];
    out[0] = m;
}
