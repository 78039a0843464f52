// Returns the largest element.
double max_value(long n, const double *v)
{
    double best = v[0];
    for (long i = 1; i < n; i++)
        if (v[i] > best) best = v[i];
    return best;
}
