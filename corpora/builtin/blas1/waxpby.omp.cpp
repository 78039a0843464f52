// w := alpha * x + beta * y.
void waxpby(const int n, const double alpha, const double * const x, const double beta, const double * const y,
            double * const w)
{
#pragma omp parallel for default(none) shared(n, alpha, beta, x, y, w)
    for (int i = 0; i < n; i++)
        w[i] = alpha * x[i] + beta * y[i];
}
