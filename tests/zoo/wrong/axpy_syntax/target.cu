// axpy: a bracket is missing
// expected: COMPILE_ERROR
__global__ void work(int n, float a, const float *x, float *y) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n y[i] += a * x[i];
}
