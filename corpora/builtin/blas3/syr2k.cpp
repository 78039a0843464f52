// Upper triangle of C := C + A B^T + B A^T; A and B are n x k, C is n x n, row-major.
void syr2k(int n, int k, const float *A, const float *B, float *C)
{
    for (int i = 0; i < n; ++i) {
        for (int j = i; j < n; ++j) {
            float s = 0.0f;
            for (int l = 0; l < k; ++l) {
                s += A[i * k + l] * B[j * k + l];
                s += B[i * k + l] * A[j * k + l];
            }
            C[i * n + j] += s;
        }
    }
}
