// Returns the population variance of single-precision data, two passes in double precision.
double variance(int n, const float *x)
{
    double mu = 0.0, ss = 0.0;
    int i;
    #pragma omp parallel for reduction(+:mu)
    for (i = 0; i < n; i++)
        mu += x[i];
    mu /= n;
    #pragma omp parallel for reduction(+:ss)
    for (i = 0; i < n; i++) {
        double d = x[i] - mu;
        ss += d * d;
    }
    return ss / n;
}
