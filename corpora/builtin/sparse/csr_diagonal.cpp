// Extracts the diagonal of a square CSR matrix; rows without a diagonal entry give 0, repeated entries are added.
// row_ptr ascends from 0.
void csr_diagonal(int n, const int *row_ptr, const int *col, const double *val, double *diag)
{
    for (int i = 0; i < n; i++) {
        diag[i] = 0.0;
        for (int k = row_ptr[i]; k < row_ptr[i + 1]; k++)
            if (col[k] == i)
                diag[i] += val[k];
    }
}
