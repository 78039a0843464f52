__global__ void rank_by_count(const short *v, int *rank, int n)
{
    __shared__ short tile[128];
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    short mine = i < n ? v[i] : 0;
    int r = 0;
    for (int base = 0; base < n; base += 128) {
        for (int k = threadIdx.x; k < 128; k += blockDim.x)
            tile[k] = base + k < n ? v[base + k] : 0;
        __syncthreads();
        for (int k = 0; k < 128 && base + k < n; k++)
            if (tile[k] < mine || (tile[k] == mine && base + k < i)) r++;
        __syncthreads();
    }
    if (i < n) rank[i] = r;
}
