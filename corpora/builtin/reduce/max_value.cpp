// Returns the largest element, 0 when there is none.
double max_value(long n, const double *v)
{
    if (n < 1) return 0.0;
    double best = v[0];
    for (long i = 1; i < n; i++)
        if (v[i] > best) best = v[i];
    return best;
}
