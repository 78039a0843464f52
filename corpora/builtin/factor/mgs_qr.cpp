// Modified Gram-Schmidt: the m x n row-major Q (entering as A) gets orthonormal columns, R is n x n upper triangular.
// A column of zero length is left as it is.
void mgs_qr(int m, int n, double *Q, double *R)
{
    for (int k = 0; k < n; k++) {
        for (int j = 0; j < k; j++)
            R[k * n + j] = 0.0;
        double norm = 0.0;
        for (int i = 0; i < m; i++)
            norm += Q[i * n + k] * Q[i * n + k];
        norm = sqrt(norm);
        R[k * n + k] = norm;
        if (norm > 0.0)
            for (int i = 0; i < m; i++)
                Q[i * n + k] /= norm;
        for (int j = k + 1; j < n; j++) {
            double proj = 0.0;
            for (int i = 0; i < m; i++)
                proj += Q[i * n + k] * Q[i * n + j];
            R[k * n + j] = proj;
            for (int i = 0; i < m; i++)
                Q[i * n + j] -= proj * Q[i * n + k];
        }
    }
}
