// histogram: the private bins are not set to 0
// expected: MEMORY_ERROR
__global__ void work(const int *x, int *bins, int n) {
    __shared__ int s[16];
    int t = threadIdx.x, i = blockIdx.x * blockDim.x + t;

    if (i < n) atomicAdd(&s[x[i]], 1);
    __syncthreads();
    if (t < 16) atomicAdd(&bins[t], s[t]);
}
