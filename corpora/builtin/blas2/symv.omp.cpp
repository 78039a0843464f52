// y := A x for a symmetric A (n x n row-major) of which only the lower triangle is read.
void symv(int n, const double *A, const double *x, double *y)
{
    #pragma omp parallel for schedule(guided)
    for (int i = 0; i < n; i++) {
        double acc = 0.0;
        for (int j = 0; j <= i; j++)
            acc += A[i * n + j] * x[j];
        for (int j = i + 1; j < n; j++)
            acc += A[j * n + i] * x[j];
        y[i] = acc;
    }
}
