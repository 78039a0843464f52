// maximum: atomicMax on shared, then on global memory
// expected: EQUIVALENT
__global__ void start(int *out) { out[0] = -2147483647 - 1; }
__global__ void most(const int *x, int *out, int n) {
    __shared__ int m;
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (threadIdx.x == 0) m = -2147483647 - 1;
    __syncthreads();
    if (i < n) atomicMax(&m, x[i]);
    __syncthreads();
    if (threadIdx.x == 0) atomicMax(out, m);
}
void work(const int *x, int *out, int n) {
    int *dx, *d;
    cudaMalloc(&dx, n * sizeof(int));
    cudaMalloc(&d, sizeof(int));
    cudaMemcpy(dx, x, n * sizeof(int), cudaMemcpyHostToDevice);
    start<<<1, 1>>>(d);
    most<<<(n + 63) / 64, 64>>>(dx, d, n);
    cudaMemcpy(out, d, sizeof(int), cudaMemcpyDeviceToHost);
    cudaFree(dx);
    cudaFree(d);
}
