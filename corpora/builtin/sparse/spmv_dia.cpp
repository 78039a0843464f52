// y := A x for a square matrix of order n kept as ndiag diagonals: data[d*n + i] is A(i, i + offset[d]).
// Places outside the matrix are skipped; offset[d] in (-n, n).
void spmv_dia(int n, int ndiag, const int *offset, const double *data, const double *x, double *y)
{
    for (int i = 0; i < n; i++)
        y[i] = 0.0;
    for (int d = 0; d < ndiag; d++) {
        int k = offset[d];
        for (int i = 0; i < n; i++) {
            int j = i + k;
            if (j >= 0 && j < n)
                y[i] += data[d * n + i] * x[j];
        }
    }
}
