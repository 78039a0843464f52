// Entries per column, the first step of a transposition; columns outside [0, n) are ignored.
void csr_transpose_count(int n, int nnz, const int *col, int *count)
{
    for (int j = 0; j < n; j++)
        count[j] = 0;
    for (int k = 0; k < nnz; k++)
        if (col[k] >= 0 && col[k] < n)
            count[col[k]]++;
}
