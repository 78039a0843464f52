// maximum: negative inputs give 0
// expected: MISMATCH
void work(const int *x, int *out, int n) {
    int m = 0;
    #pragma omp parallel for reduction(max : m)
    for (int i = 0; i < n; i++) if (x[i] > m) m = x[i];
    out[0] = m;
}
