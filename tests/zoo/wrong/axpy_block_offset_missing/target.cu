// axpy: only the first block's elements
// expected: MISMATCH
__global__ void work(int n, float a, const float *x, float *y) {
    int i = threadIdx.x;
    if (i < n) y[i] += a * x[i];
}
