// C_b := A_b * B_b for `batch` independent n x n row-major matrices stored one after the other.
void gemm_batched(int batch, int n, const double *A, const double *B, double *C)
{
    int size = n * n;
#pragma omp parallel for collapse(3)
    for (int b = 0; b < batch; b++)
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++) {
                double acc = 0.0;
                for (int p = 0; p < n; p++)
                    acc += A[b * size + i * n + p] * B[b * size + p * n + j];
                C[b * size + i * n + j] = acc;
            }
}
