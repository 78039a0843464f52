// every element from the one nine before: more lanes than that
// expected: RACE
void work(int n, double *a) {
    #pragma omp simd safelen(12)
    for (int i = 9; i < n; i++) a[i] = 0.5 * a[i - 9] + a[i];
}
