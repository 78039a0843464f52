// Rectified linear unit, in place.
__global__ void relu_kernel(int n, float *x)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n && x[i] < 0.0f)
        x[i] = 0.0f;
}

void relu(int n, float *x)
{
    size_t x_bytes = sizeof(float) * n;
    float *dev_x = nullptr;
    cudaMalloc(&dev_x, x_bytes);
    cudaMemcpy(dev_x, x, x_bytes, cudaMemcpyHostToDevice);

    relu_kernel<<<(n + 255) / 256, 256>>>(n, dev_x);
    cudaDeviceSynchronize();

    cudaMemcpy(x, dev_x, x_bytes, cudaMemcpyDeviceToHost);
    cudaFree(dev_x);
}
