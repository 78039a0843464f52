// Histogram of the byte number `digit` (taken modulo 4) of every key; counts[256] is overwritten.
__global__ void count_digits(int n, int shift, const int *keys, int *counts)
{
    __shared__ int bins[256];
    bins[threadIdx.x] = 0;
    __syncthreads();
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n)
        atomicAdd(&bins[(keys[i] >> shift) & 255], 1);
    __syncthreads();
    if (bins[threadIdx.x] != 0)
        atomicAdd(&counts[threadIdx.x], bins[threadIdx.x]);
}

void radix_digit_count(int n, int digit, const int *keys, int *counts)
{
    size_t keys_bytes = sizeof(int) * n;
    int *dev_keys = nullptr;
    cudaMalloc(&dev_keys, keys_bytes);
    cudaMemcpy(dev_keys, keys, keys_bytes, cudaMemcpyHostToDevice);
    size_t counts_bytes = sizeof(int) * 256;
    int *dev_counts = nullptr;
    cudaMalloc(&dev_counts, counts_bytes);
    cudaMemset(dev_counts, 0, counts_bytes);

    count_digits<<<(n + 255) / 256, 256>>>(n, 8 * (digit & 3), dev_keys, dev_counts);
    cudaDeviceSynchronize();

    cudaMemcpy(counts, dev_counts, counts_bytes, cudaMemcpyDeviceToHost);
    cudaFree(dev_keys);
    cudaFree(dev_counts);
}
