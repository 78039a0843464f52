// axpy: the temporary is shared, from a size on that tests do not have
// expected: RACE
void work(int n, float a, const float *x, float *y) {
    float t;
    #pragma omp parallel for if(n > 10000)
    for (int i = 0; i < n; i++) {
        t = a * x[i];
        y[i] += t;
    }
}
