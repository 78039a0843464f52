// y := A x for a symmetric band matrix with k super-diagonals, k >= 0.
// Row i holds its diagonal and the k entries to the right: band[i*(k+1) + (j-i)] for i <= j <= min(n-1, i+k).
void sbmv(int n, int k, const float *band, const float *x, float *y)
{
    for (int i = 0; i < n; i++)
        y[i] = 0.0f;
    for (int i = 0; i < n; i++) {
        const float *row = band + i * (k + 1);
        y[i] += row[0] * x[i];
        for (int d = 1; d <= k && i + d < n; d++) {
            y[i] += row[d] * x[i + d];
            y[i + d] += row[d] * x[i];
        }
    }
}
