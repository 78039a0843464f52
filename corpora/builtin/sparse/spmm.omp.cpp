// C := A B, A is CSR with m rows, B has k columns and C is m x k, dense row-major.
// row_ptr ascends from 0, col[e] >= 0 is a row of B.
void spmm(int m, int k, const int *row_ptr, const int *col, const double *val, const double *B, double *C)
{
#pragma omp parallel for schedule(guided)
    for (int i = 0; i < m; ++i) {
        for (int j = 0; j < k; ++j)
            C[i * k + j] = 0.0;
        for (int e = row_ptr[i]; e < row_ptr[i + 1]; ++e) {
            const double a = val[e];
            const double *b = &B[col[e] * k];
            #pragma omp simd
            for (int j = 0; j < k; ++j)
                C[i * k + j] += a * b[j];
        }
    }
}
