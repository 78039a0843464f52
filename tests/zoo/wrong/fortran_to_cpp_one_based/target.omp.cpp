// axpy_fortran: indices still begin at 1
// expected: MEMORY_ERROR
void work(int n, double a, const double *x, double *y) {
    #pragma omp parallel for
    for (int i = 1; i <= n; i++) y[i] = y[i] + a * x[i];
}
