// B := L * B in place; L is n x n lower triangular, B is n x m, row-major. Rows are updated from the last one up.
void trmm(int n, int m, const float *L, float *B)
{
    for (int i = n - 1; i >= 0; i--) {
        for (int j = 0; j < m; j++) {
            float s = 0.0f;
            for (int p = 0; p <= i; p++)
                s += L[i * n + p] * B[p * m + j];
            B[i * m + j] = s;
        }
    }
}
