// Inverts the n x n row-major A in place by Gauss-Jordan elimination without pivoting; pivots must be nonzero.
void gauss_jordan(int n, double *A)
{
    for (int k = 0; k < n; k++) {
        double inv = 1.0 / A[k * n + k];
        A[k * n + k] = 1.0;
        for (int j = 0; j < n; j++)
            A[k * n + j] *= inv;
        for (int i = 0; i < n; i++) {
            if (i == k) continue;
            double f = A[i * n + k];
            A[i * n + k] = 0.0;
            for (int j = 0; j < n; j++)
                A[i * n + j] -= f * A[k * n + j];
        }
    }
}
