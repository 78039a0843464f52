// largest float and largest integer
void work(const float *x, const int *k, float *m, int *l, int n) {
    for (int i = 0; i < n; i++) {
        if (x[i] > m[0]) m[0] = x[i];
        if (k[i] > l[0]) l[0] = k[i];
    }
}
