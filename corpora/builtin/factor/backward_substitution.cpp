// Solves U x = y, U upper triangular with nonzero diagonal, n x n row-major, single precision.
void backward_substitution(int n, const float *U, const float *y, float *x)
{
    for (int i = n - 1; i >= 0; --i) {
        float s = y[i];
        for (int j = i + 1; j < n; ++j)
            s -= U[i * n + j] * x[j];
        x[i] = s / U[i * n + i];
    }
}
