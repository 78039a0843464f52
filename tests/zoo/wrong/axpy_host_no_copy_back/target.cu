// axpy: the result stays on the device
// expected: MISMATCH
__global__ void axpy(int n, float a, const float *x, float *y) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] += a * x[i];
}
void work(int n, float a, const float *x, float *y) {
    float *dx, *dy;
    size_t bytes = n * sizeof(float);
    cudaMalloc(&dx, bytes);
    cudaMalloc(&dy, bytes);
    cudaMemcpy(dx, x, bytes, cudaMemcpyHostToDevice);
    cudaMemcpy(dy, y, bytes, cudaMemcpyHostToDevice);
    axpy<<<(n + 127) / 128, 128>>>(n, a, dx, dy);
    cudaFree(dx);
    cudaFree(dy);
}
