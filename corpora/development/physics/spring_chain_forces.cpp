void spring_chain_forces(const double *x, double *f, int n, double k, double rest)
{
    for (int i = 0; i < n; i++)
        f[i] = 0.0;
    for (int i = 0; i < n - 1; i++) {
        double stretch = (x[i + 1] - x[i]) - rest;
        f[i] += k * stretch;
        f[i + 1] -= k * stretch;
    }
}
