// Returns the infinity norm of an m x n row-major matrix: the largest absolute row sum.
float norm_inf(int m, int n, const float *A)
{
    float norm = 0.0f;
    for (int i = 0; i < m; i++) {
        float row = 0.0f;
        for (int j = 0; j < n; j++)
            row += fabsf(A[i * n + j]);
        norm = fmaxf(norm, row);
    }
    return norm;
}
