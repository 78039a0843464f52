// Applies a plane rotation: (x, y) := (c x + s y, c y - s x).
void rot(int n, double *x, double *y, double c, double s)
{
    double xi, yi;
    #pragma omp parallel for private(xi, yi)
    for (int i = 0; i < n; i++) {
        xi = x[i];
        yi = y[i];
        x[i] = c * xi + s * yi;
        y[i] = c * yi - s * xi;
    }
}
