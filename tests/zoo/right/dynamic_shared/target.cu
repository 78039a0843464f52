// reverse: dynamic shared memory, two barriers, one block
// expected: EQUIVALENT
__global__ void turn(int *x, int n) {
    extern __shared__ int s[];
    for (int i = threadIdx.x; i < n; i += blockDim.x) s[i] = x[n - 1 - i];
    __syncthreads();
    for (int i = threadIdx.x; i < n; i += blockDim.x) x[i] = s[i];
}
void work(int *x, int n) {
    int *d;
    cudaMalloc(&d, n * sizeof(int));
    cudaMemcpy(d, x, n * sizeof(int), cudaMemcpyHostToDevice);
    turn<<<1, 64, n * sizeof(int)>>>(d, n);
    cudaMemcpy(x, d, n * sizeof(int), cudaMemcpyDeviceToHost);
    cudaFree(d);
}
