// Returns the 0-based index of the first smallest element (0 when n < 1): a tree per block over indices, candidates settled on the host.
#define THREADS 64
#define MAX_BLOCKS 8

__global__ void argmin_kernel(int n, const double *v, int *candidate)
{
    __shared__ int best[THREADS];
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    int at = 0;
    for (int k = i; k < n; k += blockDim.x * gridDim.x)
        if (v[k] < v[at])
            at = k;
    best[threadIdx.x] = at;
    __syncthreads();
    for (int s = THREADS / 2; s > 0; s >>= 1) {
        if (threadIdx.x < s) {
            int a = best[threadIdx.x];
            int b = best[threadIdx.x + s];
            if (v[b] < v[a] || (v[b] == v[a] && b < a))
                best[threadIdx.x] = b;
        }
        __syncthreads();
    }
    if (threadIdx.x == 0)
        candidate[blockIdx.x] = best[0];
}

int argmin(int n, const double *v)
{
    if (n < 1)
        return 0;
    double *dv;
    int *dc, candidate[MAX_BLOCKS];
    int blocks = (n + THREADS - 1) / THREADS;
    if (blocks > MAX_BLOCKS) blocks = MAX_BLOCKS;
    cudaMalloc((void **)&dv, n * sizeof(double));
    cudaMalloc((void **)&dc, blocks * sizeof(int));
    cudaMemcpy(dv, v, n * sizeof(double), cudaMemcpyHostToDevice);
    argmin_kernel<<<blocks, THREADS>>>(n, dv, dc);
    cudaMemcpy(candidate, dc, blocks * sizeof(int), cudaMemcpyDeviceToHost);
    cudaFree(dv);
    cudaFree(dc);
    int at = candidate[0];
    for (int b = 1; b < blocks; b++) {
        int c = candidate[b];
        if (v[c] < v[at] || (v[c] == v[at] && c < at))
            at = c;
    }
    return at;
}
