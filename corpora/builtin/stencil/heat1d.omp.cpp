// One explicit step of the 1-D heat equation; both ends are kept.
void heat1d(int n, double alpha, const double *u, double *u_new)
{
    u_new[0] = u[0];
    u_new[n - 1] = u[n - 1];
    #pragma omp parallel for
    for (int i = 1; i < n - 1; i++)
        u_new[i] = u[i] + alpha * (u[i - 1] - 2.0 * u[i] + u[i + 1]);
}
