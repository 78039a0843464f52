// axpy: neighbouring threads share an element
// expected: RACE
__global__ void work(int n, float a, const float *x, float *y) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] += a * x[i];
    if (i + 1 < n && i % 64 == 63) y[i + 1] += 0.5f;
}
