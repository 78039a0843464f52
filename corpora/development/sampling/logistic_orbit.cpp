void logistic_orbit(double *x, const double *r, int n, int iterations)
{
    for (int i = 0; i < n; i++) {
        double v = x[i];
        for (int k = 0; k < iterations; k++) {
            v = r[i] * v * (1 - v);
            if (v < 0 || v > 1) v = 0.5;
        }
        x[i] = v;
    }
}
