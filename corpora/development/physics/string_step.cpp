void string_step(const double *now, const double *before, double *next, int n, double c2)
{
    next[0] = 0;
    next[n - 1] = 0;
    for (int i = 1; i < n - 1; ++i)
    {
        double curv = now[i - 1] - 2 * now[i] + now[i + 1];
        next[i] = 2 * now[i] - before[i] + c2 * curv;
    }
}
