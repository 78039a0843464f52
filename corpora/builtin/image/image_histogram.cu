// 256-bin histogram of a byte image; bins[256] is overwritten.
__global__ void histogram256(int n, const unsigned char *pixels, int *bins)
{
    __shared__ int local[256];
    for (int b = threadIdx.x; b < 256; b += blockDim.x)
        local[b] = 0;
    __syncthreads();
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += blockDim.x * gridDim.x)
        atomicAdd(&local[pixels[i]], 1);
    __syncthreads();
    for (int b = threadIdx.x; b < 256; b += blockDim.x)
        if (local[b] > 0)
            atomicAdd(&bins[b], local[b]);
}

void image_histogram(int n, const unsigned char *pixels, int *bins)
{
    size_t pixels_bytes = sizeof(unsigned char) * n;
    unsigned char *dev_pixels = nullptr;
    cudaMalloc(&dev_pixels, pixels_bytes);
    cudaMemcpy(dev_pixels, pixels, pixels_bytes, cudaMemcpyHostToDevice);
    size_t bins_bytes = sizeof(int) * 256;
    int *dev_bins = nullptr;
    cudaMalloc(&dev_bins, bins_bytes);
    cudaMemset(dev_bins, 0, bins_bytes);

    int blocks = (n + 1023) / 1024;
    histogram256<<<blocks, 128>>>(n, dev_pixels, dev_bins);
    cudaDeviceSynchronize();

    cudaMemcpy(bins, dev_bins, bins_bytes, cudaMemcpyDeviceToHost);
    cudaFree(dev_pixels);
    cudaFree(dev_bins);
}
