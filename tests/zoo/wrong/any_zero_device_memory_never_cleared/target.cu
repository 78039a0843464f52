// any_zero: whether anything was found is read from memory that was not cleared
// expected: NONDETERMINISTIC
__global__ void any_zero(const int *x, int n, int *found) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n && x[i] == 0) *found = 1;
}
int work(const int *x, int n) {
    int *d, *found, f = 0;
    cudaMalloc(&d, n * sizeof(int));
    cudaMalloc(&found, sizeof(int));
    cudaMemcpy(d, x, n * sizeof(int), cudaMemcpyHostToDevice);
    any_zero<<<(n + 63) / 64, 64>>>(d, n, found);
    cudaMemcpy(&f, found, sizeof(int), cudaMemcpyDeviceToHost);
    cudaFree(d);
    cudaFree(found);
    return f == 1;
}
