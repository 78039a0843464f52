// axpy: the result is right but an input is overwritten
// expected: MISMATCH
__global__ void work(int n, float a, float *x, float *y) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) {
        x[i] *= a;
        y[i] += x[i];
    }
}
