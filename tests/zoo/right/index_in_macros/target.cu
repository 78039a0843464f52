// axpy: index, guard and body out of macros
// expected: EQUIVALENT
#define BLOCK_FIRST (blockIdx.x * blockDim.x)
#define TID (BLOCK_FIRST + threadIdx.x)
#define GUARD(i, n) if ((i) >= (n)) return
__global__ void work(int n, float a, const float *x, float *y) {
    GUARD(TID, n);
    y[TID] += a * x[TID];
}
