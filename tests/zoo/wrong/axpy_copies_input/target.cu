// axpy: copies the input to the output
// expected: MISMATCH
__global__ void work(int n, float a, const float *x, float *y) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = x[i];
}
