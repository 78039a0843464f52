// axpy: right only for the size of one test
// expected: MISMATCH
__global__ void work(int n, float a, const float *x, float *y) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < 8 && n >= 8) y[i] += a * x[i];
    if (i < n && n < 8) y[i] += a * x[i];
}
