// tenth: goes through a float
// expected: MISMATCH
__global__ void work(const double *x, double *y, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) {
        float v = x[i];
        y[i] = v * 0.1;
    }
}
