void mean_shift_1d(const double *pts, const double *seeds, double *moved, int n, int m, double bandwidth)
{
    for (int s = 0; s < m; s++) {
        double num = 0.0, den = 0.0;
        for (int i = 0; i < n; i++) {
            double t = (pts[i] - seeds[s]) / bandwidth;
            double w = exp(-0.5 * t * t);
            num += w * pts[i];
            den += w;
        }
        moved[s] = num / (den + 1e-12);
    }
}
