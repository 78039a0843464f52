void deposit_charge(const double *x, const double *q, int np, double *rho, int cells, double h)
{
    for (int g = 0; g <= cells; g++) rho[g] = 0;
    for (int p = 0; p < np; p++) {
        double s = x[p] / h;
        int c = (int)floor(s);
        if (c < 0 || c >= cells) continue;
        double frac = s - c;
        rho[c] += q[p] * (1 - frac);
        rho[c + 1] += q[p] * frac;
    }
}
