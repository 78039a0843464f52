void vandermonde_fill(const double *x, double *v, int n, int degree)
{
    for (int i = 0; i < n; i++) {
        double power = 1;
        for (int d = 0; d <= degree; d++) {
            v[i * (degree + 1) + d] = power;
            power *= x[i];
        }
    }
}
