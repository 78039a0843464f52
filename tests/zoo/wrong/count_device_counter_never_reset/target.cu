// positive: the counter in a device variable is right only the first time
// expected: MISMATCH
__device__ int count = 0;
__global__ void positive(const int *x, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n && x[i] > 0) atomicAdd(&count, 1);
}
int work(const int *x, int n) {
    int *d, c = 0;
    cudaMalloc(&d, n * sizeof(int));
    cudaMemcpy(d, x, n * sizeof(int), cudaMemcpyHostToDevice);
    positive<<<(n + 63) / 64, 64>>>(d, n);
    cudaMemcpyFromSymbol(&c, count, sizeof(int));
    cudaFree(d);
    return c;
}
