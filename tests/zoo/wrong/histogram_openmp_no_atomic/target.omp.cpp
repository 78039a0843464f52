// histogram: plain increments
// expected: RACE
void work(const int *x, int *bins, int n) {
    #pragma omp parallel for
    for (int i = 0; i < n; i++) bins[x[i]]++;
}
