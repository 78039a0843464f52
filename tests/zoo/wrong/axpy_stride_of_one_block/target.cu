// axpy: the stride leaves the grid out: blocks do each other's work again
// expected: RACE
__global__ void work(int n, float a, const float *x, float *y) {
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += blockDim.x) y[i] += a * x[i];
}
