// D2Q9 BGK collision in place on n cells; f is [9][n]; the density of every cell is not zero.
void lbm_collide(int n, double omega, double *f)
{
    const double weight[9] = {4.0 / 9, 1.0 / 9, 1.0 / 9, 1.0 / 9, 1.0 / 9, 1.0 / 36, 1.0 / 36, 1.0 / 36, 1.0 / 36};
    const int cx[9] = {0, 1, 0, -1, 0, 1, -1, -1, 1};
    const int cy[9] = {0, 0, 1, 0, -1, 1, 1, -1, -1};
    for (int c = 0; c < n; c++) {
        double rho = 0.0, ux = 0.0, uy = 0.0;
        for (int q = 0; q < 9; q++) {
            rho += f[q * n + c];
            ux += cx[q] * f[q * n + c];
            uy += cy[q] * f[q * n + c];
        }
        ux /= rho;
        uy /= rho;
        double uu = 1.5 * (ux * ux + uy * uy);
        for (int q = 0; q < 9; q++) {
            double cu = 3.0 * (cx[q] * ux + cy[q] * uy);
            double eq = weight[q] * rho * (1.0 + cu + 0.5 * cu * cu - uu);
            f[q * n + c] += omega * (eq - f[q * n + c]);
        }
    }
}
