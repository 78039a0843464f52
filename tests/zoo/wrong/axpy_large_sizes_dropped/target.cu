// axpy: gives up beyond a size
// expected: MISMATCH
__global__ void work(int n, float a, const float *x, float *y) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (n > 1024) return;
    if (i < n) y[i] += a * x[i];
}
