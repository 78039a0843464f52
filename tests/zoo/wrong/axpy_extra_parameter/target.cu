// axpy: a parameter that the source does not have
// expected: COMPILE_ERROR
__global__ void work(int n, float a, const float *x, float *y, int stride) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i * stride] += a * x[i];
}
