// y := (A + sigma I) x for a square matrix of order n kept as ndiag diagonals: data[d*n + i] is A(i, i + offset[d]).
// Places outside the matrix count as x = 0; offset[d] in (-n, n).
void spmv_dia(int n, int ndiag, double sigma, const int *offset, const double *data, const double *x, double *y)
{
    for (int i = 0; i < n; i++)
        y[i] = sigma * x[i];
    for (int d = 0; d < ndiag; d++) {
        int k = offset[d];
        for (int i = 0; i < n; i++) {
            int j = i + k;
            double xj = j >= 0 && j < n ? x[j] : 0.0;
            y[i] += data[d * n + i] * xj;
        }
    }
}
