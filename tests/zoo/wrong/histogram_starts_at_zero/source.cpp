// histogram
void work(const int *x, int *bins, int n) {
    for (int i = 0; i < n; i++) bins[x[i]]++;
}
