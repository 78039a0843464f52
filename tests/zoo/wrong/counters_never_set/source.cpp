// the most frequent of four values in every row
void work(const unsigned char *x, int *out, int m, int n) {
    for (int i = 0; i < m; i++) {
        int h[4] = {0, 0, 0, 0}, best = 0;
        for (int j = 0; j < n; j++) h[x[i * n + j] & 3]++;
        for (int k = 1; k < 4; k++) if (h[k] > h[best]) best = k;
        out[i] = best;
    }
}
