// `iters` damped Richardson steps x := x + omega (b - A x) with the periodic operator A = circ(-1, 2 + sigma, -1). r is scratch.
void richardson(int n, int iters, double omega, double sigma, const double *b, double *x, double *r)
{
    for (int it = 0; it < iters; ++it)
    {
        #pragma omp parallel for
        for (int i = 0; i < n; ++i)
        {
            int l = (i + n - 1) % n;
            int u = (i + 1) % n;
            r[i] = b[i] - ((2.0 + sigma) * x[i] - x[l] - x[u]);
        }
        #pragma omp parallel for simd
        for (int i = 0; i < n; ++i)
            x[i] += omega * r[i];
    }
}
