void work(int n, int k, const int *key, double *s) {
    for (int j = 0; j < k; j++) s[j] = 0.0;
    for (int i = 0; i < n; i++) s[key[i]] += 1.0;
}
