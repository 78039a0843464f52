void bond_values(const double *coupon, const int *years, const double *yield_rate, double *pv, int n)
{
    for (int i = 0; i < n; i++) {
        double sum = 0.0, df = 1.0;
        for (int y = 1; y <= years[i]; y++) {
            df /= 1.0 + yield_rate[i];
            sum += coupon[i] * df;
        }
        pv[i] = sum + 100.0 * df;
    }
}
