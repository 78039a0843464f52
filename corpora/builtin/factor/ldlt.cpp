// Factors a symmetric n x n row-major matrix (lower triangle) as L D L^T: unit L below the diagonal, D in d.
// All pivots must be nonzero.
void ldlt(int n, float *A, float *d)
{
    for (int j = 0; j < n; j++) {
        float dj = A[j * n + j];
        for (int k = 0; k < j; k++)
            dj -= A[j * n + k] * A[j * n + k] * d[k];
        d[j] = dj;
        for (int i = j + 1; i < n; i++) {
            float s = A[i * n + j];
            for (int k = 0; k < j; k++)
                s -= A[i * n + k] * A[j * n + k] * d[k];
            A[i * n + j] = s / dj;
        }
    }
}
