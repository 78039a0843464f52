// Histogram of integers over [lo, lo + bins * width); values outside are not counted; bins, width >= 1.
__global__ void count_values(int n, int lo, int width, int bins, const int *x, int *hist)
{
    int stride = blockDim.x * gridDim.x;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += stride) {
        long offset = (long)x[i] - lo;
        if (offset >= 0 && offset / width < bins)
            atomicAdd(&hist[offset / width], 1);
    }
}

void histogram_int(int n, int lo, int width, int bins, const int *x, int *hist)
{
    size_t x_bytes = sizeof(int) * n;
    int *dev_x = nullptr;
    cudaMalloc(&dev_x, x_bytes);
    cudaMemcpy(dev_x, x, x_bytes, cudaMemcpyHostToDevice);
    size_t hist_bytes = sizeof(int) * bins;
    int *dev_hist = nullptr;
    cudaMalloc(&dev_hist, hist_bytes);
    cudaMemset(dev_hist, 0, hist_bytes);

    int blocks = (n + 255) / 256;
    count_values<<<blocks < 256 ? blocks : 256, 256>>>(n, lo, width, bins, dev_x, dev_hist);
    cudaDeviceSynchronize();

    cudaMemcpy(hist, dev_hist, hist_bytes, cudaMemcpyDeviceToHost);
    cudaFree(dev_x);
    cudaFree(dev_hist);
}
