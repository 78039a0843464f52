// y := A x for a CSR matrix with m rows; row_ptr has m + 1 elements and ascends from 0, col[k] >= 0 indexes x.
void spmv(int m, const int *row_ptr, const int *col, const double *val, const double *x, double *y)
{
    #pragma omp parallel for schedule(dynamic, 16)
    for (int i = 0; i < m; i++) {
        double sum = 0.0;
        for (int k = row_ptr[i]; k < row_ptr[i + 1]; k++)
            sum += val[k] * x[col[k]];
        y[i] = sum;
    }
}
