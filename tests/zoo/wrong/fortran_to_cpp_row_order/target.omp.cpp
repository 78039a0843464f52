// scale_rows_fortran: the matrix is taken row by row
// expected: MISMATCH
void work(int m, int n, double *a, const double *s) {
    #pragma omp parallel for
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++) a[i * n + j] *= s[i];
}
