// axpy: no guard: right when launched with exactly n threads
// expected: EQUIVALENT
__global__ void work(int n, float a, const float *x, float *y) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    y[i] += a * x[i];
}
