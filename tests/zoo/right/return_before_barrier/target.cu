// histogram: some threads return before a barrier that orders nothing more
// expected: EQUIVALENT
__global__ void work(const int *x, int *bins, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    atomicAdd(&bins[x[i]], 1);
    __syncthreads();
}
