void newton_cube_root(const double *a, double *root, int n, int rounds)
{
    for (int i = 0; i < n; i++) {
        double x = a[i] >= 1.0 ? a[i] : 1.0;
        for (int k = 0; k < rounds; k++)
            x -= (x * x * x - a[i]) / (3.0 * x * x);
        root[i] = x;
    }
}
