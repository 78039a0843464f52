// Jacobi iteration for the Poisson equation on an nx x ny row-major grid, zero outside: `sweeps` times
// u := (sum of the four neighbours + h2 * f) / 4 at every point, all from the old values. tmp is scratch.
#pragma omp declare target
static double at(int nx, int ny, const double *u, int i, int j)
{
    return i >= 0 && i < nx && j >= 0 && j < ny ? u[i * ny + j] : 0.0;
}
#pragma omp end declare target

void jacobi(int nx, int ny, int sweeps, double h2, const double *f, double *u, double *tmp)
{
    int points = nx * ny;
    #pragma omp target data map(to: f[0:points]) map(tofrom: u[0:points], tmp[0:points])
    for (int s = 0; s < sweeps; s++) {
        #pragma omp target teams distribute parallel for
        for (int i = 0; i < points; i++)
            tmp[i] = u[i];
        #pragma omp target teams distribute parallel for collapse(2)
        for (int i = 0; i < nx; i++)
            for (int j = 0; j < ny; j++) {
                double around = at(nx, ny, tmp, i - 1, j) + at(nx, ny, tmp, i + 1, j)
                              + at(nx, ny, tmp, i, j - 1) + at(nx, ny, tmp, i, j + 1);
                u[i * ny + j] = 0.25 * (around + h2 * f[i * ny + j]);
            }
    }
}
