// y := alpha * A * x + beta * y, A is m x n row-major.
void gemv(int m, int n, double alpha, const double *A, const double *x, double beta, double *y)
{
    for (int i = 0; i < m; i++) {
        double sum = 0.0;
        for (int j = 0; j < n; j++)
            sum += A[i * n + j] * x[j];
        y[i] = alpha * sum + beta * y[i];
    }
}
