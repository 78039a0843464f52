// tenth
void work(const double *x, double *y, int n) {
    for (int i = 0; i < n; i++) y[i] = x[i] * 0.1;
}
