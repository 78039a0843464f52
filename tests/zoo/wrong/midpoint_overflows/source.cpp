// midpoint
void work(const int *a, const int *b, int *out, int n) {
    for (int i = 0; i < n; i++) out[i] = (int)(((long long)a[i] + b[i]) / 2);
}
