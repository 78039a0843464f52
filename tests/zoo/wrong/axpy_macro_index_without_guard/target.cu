// axpy: blocks of 256 threads by a macro, and no guard for the last one
// expected: MEMORY_ERROR
#define TID (blockIdx.x * 256 + threadIdx.x)
__global__ void work(int n, float a, const float *x, float *y) {
    __shared__ float s[256];
    s[threadIdx.x] = a * x[TID];
    y[TID] += s[threadIdx.x];
}
