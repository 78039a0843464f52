// y := (A + sigma I) x for a square matrix of order n kept as ndiag diagonals: data[d*n + i] is A(i, i + offset[d]).
// Places outside the matrix count as x = 0; offset[d] in (-n, n).
void spmv_dia(int n, int ndiag, double sigma, const int *offset, const double *data, const double *x, double *y)
{
    #pragma omp parallel
    {
        #pragma omp for
        for (int i = 0; i < n; i++) {
            y[i] = sigma * x[i];
            for (int d = 0; d < ndiag; d++) {
                int j = i + offset[d];
                y[i] += data[d * n + i] * (j >= 0 && j < n ? x[j] : 0.0);
            }
        }
    }
}
