// Entries per column of a CSR matrix, the first step of a transposition; col[k] in [0, n).
void csr_transpose_count(int n, int nnz, const int *col, int *count)
{
    for (int j = 0; j < n; j++)
        count[j] = 0;
    for (int k = 0; k < nnz; k++)
        count[col[k]]++;
}
