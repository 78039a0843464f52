double correlation(const double *x, const double *y, int n)
{
    double sx = 0, sy = 0, sxx = 0, syy = 0, sxy = 0;
    for (int i = 0; i < n; i++) {
        sx += x[i];
        sy += y[i];
        sxx += x[i] * x[i];
        syy += y[i] * y[i];
        sxy += x[i] * y[i];
    }
    double vx = n * sxx - sx * sx, vy = n * syy - sy * sy;
    if (vx <= 1e-9 || vy <= 1e-9) return 0;
    return (n * sxy - sx * sy) / sqrt(vx * vy);
}
