// axpy: keeps a count of its calls
// expected: REFUSED
static int calls;
__global__ void work(int n, float a, const float *x, float *y) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i == 0) calls++;
    if (i < n) y[i] += a * x[i];
}
