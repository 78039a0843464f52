// Inverted dropout with a given mask: kept values are divided by 1 - p, others become zero; p in [0, 1).
__global__ void apply_mask(int n, float scale, const unsigned char *mask, const float *x, float *y)
{
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += blockDim.x * gridDim.x)
        y[i] = mask[i] ? x[i] * scale : 0.0f;
}

void dropout_apply(int n, float p, const unsigned char *mask, const float *x, float *y)
{
    size_t mask_bytes = sizeof(unsigned char) * n;
    unsigned char *dev_mask = nullptr;
    cudaMalloc(&dev_mask, mask_bytes);
    cudaMemcpy(dev_mask, mask, mask_bytes, cudaMemcpyHostToDevice);
    size_t x_bytes = sizeof(float) * n;
    float *dev_x = nullptr;
    cudaMalloc(&dev_x, x_bytes);
    cudaMemcpy(dev_x, x, x_bytes, cudaMemcpyHostToDevice);
    size_t y_bytes = sizeof(float) * n;
    float *dev_y = nullptr;
    cudaMalloc(&dev_y, y_bytes);

    apply_mask<<<(n + 511) / 512, 256>>>(n, 1.0f / (1.0f - p), dev_mask, dev_x, dev_y);
    cudaDeviceSynchronize();

    cudaMemcpy(y, dev_y, y_bytes, cudaMemcpyDeviceToHost);
    cudaFree(dev_mask);
    cudaFree(dev_x);
    cudaFree(dev_y);
}
