// axpy: asynchronous copies on a stream
// expected: EQUIVALENT
__global__ void axpy(int n, float a, const float *x, float *y) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] += a * x[i];
}
void work(int n, float a, const float *x, float *y) {
    float *dx, *dy;
    size_t bytes = n * sizeof(float);
    cudaMalloc(&dx, bytes);
    cudaMalloc(&dy, bytes);
    cudaStream_t st;
    cudaStreamCreate(&st);
    cudaMemcpyAsync(dx, x, bytes, cudaMemcpyHostToDevice, st);
    cudaMemcpyAsync(dy, y, bytes, cudaMemcpyHostToDevice, st);
    dim3 block(96), grid((n + block.x - 1) / block.x);
    axpy<<<grid, block, 0, st>>>(n, a, dx, dy);
    cudaMemcpyAsync(y, dy, bytes, cudaMemcpyDeviceToHost, st);
    cudaStreamSynchronize(st);
    cudaStreamDestroy(st);
    cudaFree(dx);
    cudaFree(dy);
}
