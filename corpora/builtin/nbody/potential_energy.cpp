// Gravitational potential energy over all pairs, softened by eps2 > 0; x, y, z hold n coordinates each.
double potential_energy(int n, double eps2, const double *m, const double *x, const double *y, const double *z)
{
    double total = 0.0;
    for (int i = 0; i < n; i++)
        for (int j = i + 1; j < n; j++) {
            double dx = x[i] - x[j], dy = y[i] - y[j], dz = z[i] - z[j];
            total -= m[i] * m[j] / sqrt(dx * dx + dy * dy + dz * dz + eps2);
        }
    return total;
}
