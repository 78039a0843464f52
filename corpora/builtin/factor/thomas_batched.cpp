// Solves `batch` systems with the matrix tridiag(-1, 2 + shift^2, -1) of order n; system s has its element i at [i*batch + s].
// d enters as the right side and leaves as the solution; work has n elements.
void thomas_batched(int n, int batch, double shift, double *d, double *work)
{
    if (n < 1) return;
    const double diag = 2.0 + shift * shift;
    work[0] = -1.0 / diag;
    for (int i = 1; i < n; i++)
        work[i] = -1.0 / (diag + work[i - 1]);
    for (int s = 0; s < batch; s++) {
        d[s] = -d[s] * work[0];
        for (int i = 1; i < n; i++)
            d[i * batch + s] = -(d[i * batch + s] + d[(i - 1) * batch + s]) * work[i];
        for (int i = n - 2; i >= 0; i--)
            d[i * batch + s] -= work[i] * d[(i + 1) * batch + s];
    }
}
