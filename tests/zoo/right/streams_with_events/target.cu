// axpy: copies on one stream, the kernel on another, which waits for an event
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
    cudaStream_t other;
    cudaStreamCreate(&other);
    cudaEvent_t copied;
    cudaEventCreate(&copied);
    cudaMemcpyAsync(dx, x, bytes, cudaMemcpyHostToDevice, st);
    cudaMemcpyAsync(dy, y, bytes, cudaMemcpyHostToDevice, st);
    dim3 block(96), grid((n + block.x - 1) / block.x);
    cudaEventRecord(copied, st);
    cudaStreamWaitEvent(other, copied, 0);
    axpy<<<grid, block, 0, other>>>(n, a, dx, dy);
    cudaMemcpyAsync(y, dy, bytes, cudaMemcpyDeviceToHost, other);
    cudaStreamSynchronize(other);
    cudaStreamDestroy(st);
    cudaStreamDestroy(other);
    cudaFree(dx);
    cudaFree(dy);
}
