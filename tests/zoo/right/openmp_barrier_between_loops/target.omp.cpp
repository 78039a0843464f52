// reversed: a barrier of its own
// expected: EQUIVALENT
void work(int n, const double *a, double *b, double *c) {
    #pragma omp parallel
    {
        #pragma omp for nowait
        for (int i = 0; i < n; i++) b[i] = 2.0 * a[i];
        #pragma omp barrier
        #pragma omp for
        for (int i = 0; i < n; i++) c[i] = b[n - 1 - i] + 1.0;
    }
}
