// `sweeps` Jacobi sweeps of the 3-D Poisson equation: u := (six neighbours - h2 * f) / 6 inside, the faces stay. next is scratch.
void jacobi3d(int nx, int ny, int nz, int sweeps, float h2, const float *f, float *u, float *next)
{
    int plane = nx * ny, end = nx > 2 && ny > 2 && nz > 2 ? (nz - 2) * plane + (ny - 2) * nx + nx - 1 : 0; // behind the last point inside
    #pragma omp target data map(to: f[0:end]) map(tofrom: u[0:end ? end + plane : 0], next[0:end])
    for (int s = 0; s < sweeps; s++) {
        #pragma omp target teams distribute parallel for collapse(3)
        for (int z = 1; z < nz - 1; z++)
            for (int y = 1; y < ny - 1; y++)
                for (int x = 1; x < nx - 1; x++) {
                    int c = z * plane + y * nx + x;
                    float around = u[c - 1] + u[c + 1] + u[c - nx] + u[c + nx] + u[c - plane] + u[c + plane];
                    next[c] = (around - h2 * f[c]) / 6.0f;
                }
        #pragma omp target teams distribute parallel for collapse(3)
        for (int z = 1; z < nz - 1; z++)
            for (int y = 1; y < ny - 1; y++)
                for (int x = 1; x < nx - 1; x++)
                    u[z * plane + y * nx + x] = next[z * plane + y * nx + x];
    }
}
