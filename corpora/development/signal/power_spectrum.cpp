void power_spectrum(const double *re, const double *im, double *db, int n, double floor_db)
{
    for (int k = 0; k < n; k++) {
        double p = re[k] * re[k] + im[k] * im[k];
        double v = p > 0 ? 10.0 * log10(p) : floor_db;
        db[k] = v < floor_db ? floor_db : v;
    }
}
