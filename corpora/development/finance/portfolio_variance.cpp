double portfolio_variance(const double *w, const double *cov, int assets)
{
    double total = 0;
    int a, b;
    for (a = 0; a < assets; a++)
        for (b = a; b < assets; b++)
            total += (a == b ? 1.0 : 2.0) * w[a] * w[b] * cov[a * assets + b];
    return total;
}
