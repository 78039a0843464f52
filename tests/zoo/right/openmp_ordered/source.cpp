// packed
int work(int n, const double *x, double *y) {
    int k = 0;
    for (int i = 0; i < n; i++)
        if (x[i] > 0.0) y[k++] = x[i];
    return k;
}
