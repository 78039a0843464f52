// histogram: atomic updates
// expected: EQUIVALENT
void work(const int *x, int *bins, int n) {
    #pragma omp parallel for schedule(dynamic, 8)
    for (int i = 0; i < n; i++) {
        #pragma omp atomic
        bins[x[i]]++;
    }
}
