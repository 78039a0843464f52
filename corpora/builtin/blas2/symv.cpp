// y := A x for a symmetric A (n x n row-major) of which only the lower triangle is read.
void symv(int n, const double *A, const double *x, double *y)
{
    for (int i = 0; i < n; i++) {
        double acc = 0.0;
        for (int j = 0; j < n; j++) {
            double aij = (j <= i) ? A[i * n + j] : A[j * n + i];
            acc += aij * x[j];
        }
        y[i] = acc;
    }
}
