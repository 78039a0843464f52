// Symmetric rank-one update of the lower triangle: A := A + alpha x x^T, n x n row-major.
void syr(int n, double alpha, const double *x, double *A)
{
    for (int r = 0; r < n; ++r) {
        const double f = alpha * x[r];
        for (int c = 0; c <= r; ++c)
            A[r * n + c] += f * x[c];
    }
}
