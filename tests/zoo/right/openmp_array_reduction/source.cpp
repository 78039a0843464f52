// counts
void work(int n, int k, const int *x, int *h) {
    for (int i = 0; i < n; i++) h[x[i]]++;
}
