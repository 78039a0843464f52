// axpy: the loop does not advance
// expected: TIMEOUT
__global__ void work(int n, float a, const float *x, float *y) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    while (i < n) {
        y[i] += a * x[i];
        if (y[i] > 1e30f) i += blockDim.x;
        y[i] -= a * x[i];
    }
}
