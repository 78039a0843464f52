// positive
int work(const int *x, int n) {
    int c = 0;
    for (int i = 0; i < n; i++) c += x[i] > 0;
    return c;
}
