// Transposes an m x n CSR matrix; row_ptr ascends from 0, col[k] in [0, n); t_ptr has n + 1 elements.
void csr_transpose(int m, int n, const int *row_ptr, const int *col, const double *val,
                   int *t_ptr, int *t_col, double *t_val)
{
    for (int j = 0; j <= n; j++)
        t_ptr[j] = 0;
    for (int k = row_ptr[0]; k < row_ptr[m]; k++)
        t_ptr[col[k] + 1]++;
    for (int j = 0; j < n; j++)
        t_ptr[j + 1] += t_ptr[j];
    for (int i = 0; i < m; i++) {
        for (int k = row_ptr[i]; k < row_ptr[i + 1]; k++) {
            int slot = t_ptr[col[k]]++;
            t_col[slot] = i;
            t_val[slot] = val[k];
        }
    }
    for (int j = n; j > 0; j--)
        t_ptr[j] = t_ptr[j - 1];
    t_ptr[0] = 0;
}
