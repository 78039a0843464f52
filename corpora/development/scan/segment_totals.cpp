void segment_totals(const int *flags, const double *v, double *acc, int n)
{
    double s = 0;
    for (int i = 0; i < n; i++) {
        s = flags[i] ? v[i] : s + v[i];
        acc[i] = s;
    }
}
