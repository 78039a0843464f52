// positives
void work(const int *x, int *count, int n) {
    for (int i = 0; i < n; i++) if (x[i] > 0) count[0]++;
}
