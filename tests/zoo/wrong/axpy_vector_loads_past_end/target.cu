// axpy: loads four at a time whatever n is
// expected: MEMORY_ERROR
__global__ void work(int n, float a, const float *x, float *y) {
    int i = 4 * (blockIdx.x * blockDim.x + threadIdx.x);
    if (i < n) {
        for (int k = 0; k < 4; k++) y[i + k] += a * x[i + k];
    }
}
