// Softened gravitational acceleration of n bodies (G = 1); pos and acc are [n][3]; eps2 > 0.
void nbody_forces(int n, double eps2, const double *mass, const double *pos, double *acc)
{
    #pragma omp target teams distribute parallel for map(to: mass[0:n], pos[0:3 * n]) map(from: acc[0:3 * n])
    for (int i = 0; i < n; i++) {
        double ax = 0.0, ay = 0.0, az = 0.0;
        for (int j = 0; j < n; j++) {
            double dx = pos[3 * j] - pos[3 * i];
            double dy = pos[3 * j + 1] - pos[3 * i + 1];
            double dz = pos[3 * j + 2] - pos[3 * i + 2];
            double r2 = dx * dx + dy * dy + dz * dz + eps2;
            double w = mass[j] / (r2 * sqrt(r2));
            ax += w * dx;
            ay += w * dy;
            az += w * dz;
        }
        acc[3 * i] = ax;
        acc[3 * i + 1] = ay;
        acc[3 * i + 2] = az;
    }
}
