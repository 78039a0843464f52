// `iters` power iterations on an n x n row-major A; x (length n) is scaled to Euclidean length one after each step, y is
// scratch. Returns the last length before scaling; stops early when A x vanishes.
double power_iteration(int n, int iters, const double *A, double *x, double *y)
{
    double norm = 0.0;
    for (int it = 0; it < iters; it++) {
        norm = 0.0;
        for (int i = 0; i < n; i++) {
            y[i] = 0.0;
            for (int j = 0; j < n; j++)
                y[i] += A[i * n + j] * x[j];
            norm += y[i] * y[i];
        }
        norm = sqrt(norm);
        if (norm == 0.0)
            break;
        for (int i = 0; i < n; i++)
            x[i] = y[i] / norm;
    }
    return norm;
}
