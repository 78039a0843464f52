// histogram: blocks add up without atomics
// expected: RACE
__global__ void work(const int *x, int *bins, int n) {
    __shared__ int s[16];
    int t = threadIdx.x, i = blockIdx.x * blockDim.x + t;
    if (t < 16) s[t] = 0;
    __syncthreads();
    if (i < n) atomicAdd(&s[x[i]], 1);
    __syncthreads();
    if (t < 16) bins[t] += s[t];
}
