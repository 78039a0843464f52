// Returns sum(w * x) / sum(w), or 0 when the weights add up to zero.
double weighted_mean(int n, const double *x, const double *w)
{
    double num = 0.0, den = 0.0;
    for (int i = 0; i < n; i++)
    {
        num += w[i] * x[i];
        den += w[i];
    }
    if (den == 0.0)
        return 0.0;
    return num / den;
}
