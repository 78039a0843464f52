// axpy: the temporary is shared
// expected: RACE
void work(int n, float a, const float *x, float *y) {
    float t;
    #pragma omp parallel for
    for (int i = 0; i < n; i++) {
        t = a * x[i];
        y[i] += t;
    }
}
