// any_zero
int work(const int *x, int n) {
    for (int i = 0; i < n; i++)
        if (x[i] == 0) return 1;
    return 0;
}
