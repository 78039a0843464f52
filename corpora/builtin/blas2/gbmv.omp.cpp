// y := A x for a square band matrix with kl sub- and ku super-diagonals.
// Row i is stored in band[i*(kl+ku+1) + (j - i + kl)], places outside the matrix count as x = 0; kl, ku >= 0.
void gbmv(int n, int kl, int ku, const double *band, const double *x, double *y)
{
    int width = kl + ku + 1;
    #pragma omp parallel for firstprivate(width)
    for (int i = 0; i < n; i++) {
        double sum = 0.0;
        for (int d = 0; d < width; d++) {
            int j = i + d - kl;
            sum += band[i * width + d] * (j >= 0 && j < n ? x[j] : 0.0);
        }
        y[i] = sum;
    }
}
