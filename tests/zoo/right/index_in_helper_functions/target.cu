// axpy: the index comes from one helper, the guard stands in another
// expected: EQUIVALENT
__device__ int place(int block, int thread) {
    int first = block * blockDim.x;
    return first + thread;
}
__device__ void step(int i, int n, float a, const float *x, float *y) {
    if (i < n) y[i] += a * x[i];
}
__global__ void work(int n, float a, const float *x, float *y) {
    int block = blockIdx.x, thread = threadIdx.x;
    step(place(block, thread), n, a, x, y);
}
