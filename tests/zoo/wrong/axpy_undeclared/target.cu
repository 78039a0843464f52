// axpy: uses what it does not declare
// expected: COMPILE_ERROR
__global__ void work(int n, float a, const float *x, float *y) {
    if (idx < n) y[idx] += a * x[idx];
}
