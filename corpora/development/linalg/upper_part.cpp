void upper_part(const float *A, float *U, int n, int unit)
{
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
            if (j > i) U[i * n + j] = A[i * n + j];
            else if (i == j) U[i * n + j] = unit ? 1.0f : A[i * n + j];
            else U[i * n + j] = 0.0f;
        }
    }
}
