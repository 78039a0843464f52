// histogram: the bins of the caller are cleared
// expected: MISMATCH
__global__ void count(const int *x, int *bins, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) atomicAdd(&bins[x[i]], 1);
}
void work(const int *x, int *bins, int n) {
    int *dx, *d;
    cudaMalloc(&dx, n * sizeof(int));
    cudaMalloc(&d, 16 * sizeof(int));
    cudaMemcpy(dx, x, n * sizeof(int), cudaMemcpyHostToDevice);
    cudaMemset(d, 0, 16 * sizeof(int));
    count<<<(n + 63) / 64, 64>>>(dx, d, n);
    cudaMemcpy(bins, d, 16 * sizeof(int), cudaMemcpyDeviceToHost);
    cudaFree(dx);
    cudaFree(d);
}
