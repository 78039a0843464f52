// Symmetric rank-two update of the upper triangle: A := A + alpha (x y^T + y x^T), n x n row-major.
void syr2(int n, float alpha, const float *x, const float *y, float *A)
{
    int i, j;
    for (i = 0; i < n; i++) {
        float ax = alpha * x[i];
        float ay = alpha * y[i];
        for (j = i; j < n; j++) {
            A[i * n + j] += ax * y[j] + ay * x[j];
        }
    }
}
