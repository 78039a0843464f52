// In-place LU factorisation with partial pivoting, A is n x n row-major; perm[k] is the row exchanged with row k.
// Returns 0, or k + 1 when column k had no nonzero pivot (the factorisation stops there).
int lu_pivot(int n, double *A, int *perm)
{
    for (int k = 0; k < n; k++) perm[k] = k;
    for (int k = 0; k < n; k++) {
        int p = k;
        for (int i = k + 1; i < n; i++)
            if (fabs(A[i * n + k]) > fabs(A[p * n + k])) p = i;
        perm[k] = p;
        if (A[p * n + k] == 0.0) return k + 1;
        if (p != k) {
            for (int j = 0; j < n; j++) {
                double t = A[k * n + j];
                A[k * n + j] = A[p * n + j];
                A[p * n + j] = t;
            }
        }
        for (int i = k + 1; i < n; i++) {
            double f = A[i * n + k] / A[k * n + k];
            A[i * n + k] = f;
            for (int j = k + 1; j < n; j++)
                A[i * n + j] -= f * A[k * n + j];
        }
    }
    return 0;
}
