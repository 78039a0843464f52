// any_positive
void work(const int *x, int *flag, int n) {
    for (int i = 0; i < n; i++) if (x[i] > 0) flag[0] = 1;
}
