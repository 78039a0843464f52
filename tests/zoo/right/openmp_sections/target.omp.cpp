// two_loops: one section each
// expected: EQUIVALENT
void work(int n, const double *a, double *b, double *c) {
    #pragma omp parallel sections
    {
        #pragma omp section
        for (int i = 0; i < n; i++) b[i] = 2.0 * a[i];
        #pragma omp section
        for (int i = 0; i < n; i++) c[i] = a[n - 1 - i] + 1.0;
    }
}
