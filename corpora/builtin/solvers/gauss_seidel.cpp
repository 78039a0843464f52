// `sweeps` Gauss-Seidel sweeps for the Poisson equation on an n x n row-major grid, boundary values fixed.
// Returns the sum of the squared changes of the last sweep.
double gauss_seidel(int n, int sweeps, const double *rhs, double *u)
{
    double change = 0.0;
    while (sweeps-- > 0) {
        change = 0.0;
        for (int i = 1; i + 1 < n; i++) {
            for (int j = 1; j + 1 < n; j++) {
                double old = u[i * n + j];
                double v = (u[(i - 1) * n + j] + u[i * n + j - 1] + u[i * n + j + 1] + u[(i + 1) * n + j] + rhs[i * n + j]) / 4.0;
                u[i * n + j] = v;
                change += (v - old) * (v - old);
            }
        }
    }
    return change;
}
