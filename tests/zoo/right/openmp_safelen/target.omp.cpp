// every element from the one nine before: fewer lanes than that
// expected: EQUIVALENT
void work(int n, double *a) {
    #pragma omp simd safelen(8)
    for (int i = 9; i < n; i++) a[i] = 0.5 * a[i - 9] + a[i];
}
