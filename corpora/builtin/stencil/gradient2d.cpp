// Gradient by central differences, one-sided at the edges, zero where an axis has one point.
static int lower(int i) { return i > 0 ? i - 1 : 0; }
static int upper(int i, int n) { return i < n - 1 ? i + 1 : n - 1; }

void gradient2d(int ny, int nx, double h, const double *f, double *gx, double *gy)
{
    for (int j = 0; j < ny; j++) {
        int j0 = lower(j), j1 = upper(j, ny);
        for (int i = 0; i < nx; i++) {
            int i0 = lower(i), i1 = upper(i, nx);
            gx[j * nx + i] = i1 > i0 ? (f[j * nx + i1] - f[j * nx + i0]) / ((i1 - i0) * h) : 0.0;
            gy[j * nx + i] = j1 > j0 ? (f[j1 * nx + i] - f[j0 * nx + i]) / ((j1 - j0) * h) : 0.0;
        }
    }
}
