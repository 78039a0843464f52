// `steps` passes of the (1, 2, 1) / 4 filter over a ring, in place; work holds n elements. One team for all passes.
void periodic_blur1d(int n, int steps, double *x, double *work)
{
    #pragma omp parallel
    for (int s = 0; s < steps; s++) {
        #pragma omp for
        for (int i = 0; i < n; i++) {
            int l = i == 0 ? n - 1 : i - 1;
            int r = i == n - 1 ? 0 : i + 1;
            work[i] = 0.25 * x[l] + 0.5 * x[i] + 0.25 * x[r];
        }
        #pragma omp for
        for (int i = 0; i < n; i++)
            x[i] = work[i];
    }
}
