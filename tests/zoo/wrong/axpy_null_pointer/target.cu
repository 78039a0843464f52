// axpy: writes through a null pointer
// expected: MEMORY_ERROR
__global__ void work(int n, float a, const float *x, float *y) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    float *p = i < n ? (float *)0 : y;
    if (i < n) *p = a;
}
