// y := A x for a square band matrix with kl sub- and ku super-diagonals.
// Row i is stored in band[i*(kl+ku+1) + (j - i + kl)], max(0, i-kl) <= j <= min(n-1, i+ku); kl, ku >= 0.
void gbmv(int n, int kl, int ku, const double *band, const double *x, double *y)
{
    int width = kl + ku + 1;
    for (int i = 0; i < n; i++) {
        int first = i - kl > 0 ? i - kl : 0;
        int last = i + ku < n - 1 ? i + ku : n - 1;
        double sum = 0.0;
        for (int j = first; j <= last; j++)
            sum += band[i * width + (j - i + kl)] * x[j];
        y[i] = sum;
    }
}
