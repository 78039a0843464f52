// y := A x for a CSR matrix with m rows; row_ptr has m + 1 elements and ascends from 0, col[k] >= 0 indexes x.
// How much of x is used is known to the column indices alone: that much is mapped.
void spmv(int m, const int *row_ptr, const int *col, const double *val, const double *x, double *y)
{
    int rows = m > 0 ? m + 1 : 0, stored = 0, columns = 0;
    for (int i = 0; i < m; i++)
        for (int k = row_ptr[i]; k < row_ptr[i + 1]; k++) {
            stored = k >= stored ? k + 1 : stored;
            columns = col[k] >= columns ? col[k] + 1 : columns;
        }
    #pragma omp target teams distribute parallel for \
        map(to: row_ptr[0:rows], col[0:stored], val[0:stored], x[0:columns]) map(from: y[0:m])
    for (int i = 0; i < m; i++) {
        double sum = 0.0;
        for (int k = row_ptr[i]; k < row_ptr[i + 1]; k++)
            sum += val[k] * x[col[k]];
        y[i] = sum;
    }
}
