// histogram: bins are flushed while others count
// expected: MISMATCH
__global__ void work(const int *x, int *bins, int n) {
    __shared__ int s[16];
    int t = threadIdx.x, i = blockIdx.x * blockDim.x + t;
    if (t < 16) s[t] = 0;
    __syncthreads();
    if (i < n) atomicAdd(&s[x[i]], 1);

    if (t < 16) atomicAdd(&bins[t], s[t]);
}
