void moving_average(const double *x, double *avg, int n, int window)
{
    double s = 0.0;
    for (int i = 0; i < n; i++) {
        s += x[i];
        if (i >= window) s -= x[i - window];
        avg[i] = s / (i < window ? i + 1 : window);
    }
}
