double simpson_samples(const double *f, int intervals, double h)
{
    double s = f[0] + f[intervals];
    for (int i = 1; i < intervals; i++)
        s += (i % 2 ? 4 : 2) * f[i];
    return s * h / 3;
}
