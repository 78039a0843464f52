// scan: every step reads and writes different halves, between barriers
// expected: EQUIVALENT
__global__ void scan(int *x, int n) {
    __shared__ int s[2][256];
    int t = threadIdx.x, from = 0;
    s[0][t] = t < n ? x[t] : 0;
    for (int d = 1; d < 256; d *= 2) {
        __syncthreads();
        s[1 - from][t] = s[from][t] + (t >= d ? s[from][t - d] : 0);
        from = 1 - from;
    }
    if (t < n) x[t] = s[from][t];
}
void work(int *x, int n) {
    int *d;
    cudaMalloc(&d, n * sizeof(int));
    cudaMemcpy(d, x, n * sizeof(int), cudaMemcpyHostToDevice);
    scan<<<1, 256>>>(d, n);
    cudaMemcpy(x, d, n * sizeof(int), cudaMemcpyDeviceToHost);
    cudaFree(d);
}
