// axpy: the guard stops one short
// expected: MISMATCH
__global__ void work(int n, float a, const float *x, float *y) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n - 1) y[i] += a * x[i];
}
