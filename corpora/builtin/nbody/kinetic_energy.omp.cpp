// Total kinetic energy 1/2 sum m |v|^2; vel is [n][3].
double kinetic_energy(int n, const double *mass, const double *vel)
{
    double e = 0.0;
    #pragma omp parallel for reduction(+:e)
    for (int i = 0; i < n; i++) {
        const double *v = vel + 3 * i;
        e += mass[i] * (v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
    }
    return 0.5 * e;
}
