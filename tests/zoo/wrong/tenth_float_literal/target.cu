// tenth: 0.1f is not 0.1
// expected: MISMATCH
__global__ void work(const double *x, double *y, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = x[i] * 0.1f;
}
