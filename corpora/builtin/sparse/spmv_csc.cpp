// y := A x for a CSC matrix with m rows and n columns; col_ptr ascends from 0, row[k] in [0, m).
void spmv_csc(int m, int n, const int *col_ptr, const int *row, const float *val, const float *x, float *y)
{
    int i, j, k;
    for (i = 0; i < m; i++)
        y[i] = 0.0f;
    for (j = 0; j < n; j++) {
        float xj = x[j];
        for (k = col_ptr[j]; k < col_ptr[j + 1]; k++)
            y[row[k]] += val[k] * xj;
    }
}
