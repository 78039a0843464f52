// scan: iterations depend on each other
// expected: RACE
void work(int *x, int n) {
    #pragma omp parallel for
    for (int i = 1; i < n; i++) x[i] += x[i - 1];
}
