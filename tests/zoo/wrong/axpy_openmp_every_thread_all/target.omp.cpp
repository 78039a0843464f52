// axpy: parallel without for: every thread does all of it
// expected: RACE
void work(int n, float a, const float *x, float *y) {
    #pragma omp parallel
    for (int i = 0; i < n; i++) y[i] += a * x[i];
}
