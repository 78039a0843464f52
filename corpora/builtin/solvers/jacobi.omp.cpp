// Jacobi iteration for the Poisson equation on an nx x ny row-major grid with fixed boundary values:
// `sweeps` times u := (sum of the four neighbours + h2 * f) / 4 in the interior, all from the old values. tmp is scratch.
void jacobi(int nx, int ny, int sweeps, double h2, const double *f, double *u, double *tmp)
{
    #pragma omp parallel
    for (int s = 0; s < sweeps; s++) {
        #pragma omp for
        for (int i = 0; i < nx * ny; i++)
            tmp[i] = u[i];
        #pragma omp for
        for (int i = 1; i < nx - 1; i++)
            for (int j = 1; j < ny - 1; j++) {
                int c = i * ny + j;
                u[c] = 0.25 * (tmp[c - ny] + tmp[c + ny] + tmp[c - 1] + tmp[c + 1] + h2 * f[c]);
            }
    }
}
