// shift
void work(int *x, int n) {
    for (int i = 0; i < n - 1; i++) x[i] = x[i + 1];
}
