// Lennard-Jones forces (sigma = epsilon = 1) with cutoff, each pair once; pos and force are [n][3]; returns the energy.
double lennard_jones(int n, double cutoff, const double *pos, double *force)
{
    double energy = 0.0;
    for (int i = 0; i < 3 * n; i++)
        force[i] = 0.0;
    for (int i = 0; i < n; i++) {
        for (int j = i + 1; j < n; j++) {
            double d[3], r2 = 0.0;
            for (int c = 0; c < 3; c++) {
                d[c] = pos[3 * i + c] - pos[3 * j + c];
                r2 += d[c] * d[c];
            }
            if (r2 >= cutoff * cutoff || r2 == 0.0)
                continue;
            double inv2 = 1.0 / r2;
            double inv6 = inv2 * inv2 * inv2;
            double f = 24.0 * inv2 * inv6 * (2.0 * inv6 - 1.0);
            energy += 4.0 * inv6 * (inv6 - 1.0);
            for (int c = 0; c < 3; c++) {
                force[3 * i + c] += f * d[c];
                force[3 * j + c] -= f * d[c];
            }
        }
    }
    return energy;
}
