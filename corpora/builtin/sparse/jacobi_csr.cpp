// One Jacobi sweep x_new := D^-1 (b - (A - D) x) on a square CSR matrix; rows without a nonzero diagonal keep x.
// row_ptr ascends from 0, col[k] in [0, n).
void jacobi_csr(int n, const int *row_ptr, const int *col, const double *val, const double *b,
                const double *x, double *x_new)
{
    for (int i = 0; i < n; i++) {
        double diag = 0.0;
        double rest = b[i];
        for (int k = row_ptr[i]; k < row_ptr[i + 1]; k++) {
            if (col[k] == i)
                diag += val[k];
            else
                rest -= val[k] * x[col[k]];
        }
        x_new[i] = diag != 0.0 ? rest / diag : x[i];
    }
}
