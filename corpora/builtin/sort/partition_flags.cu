// flags[i] = 1 where x[i] is below the pivot, else 0; returns the number of ones.
__global__ void mark_below(int n, double pivot, const double *x, int *flags, int *total)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    int flag = 0;
    if (i < n) {
        flag = x[i] < pivot;
        flags[i] = flag;
    }
    int in_block = __syncthreads_count(flag);
    if (threadIdx.x == 0)
        atomicAdd(total, in_block);
}

int partition_flags(int n, double pivot, const double *x, int *flags)
{
    size_t x_bytes = sizeof(double) * n;
    double *dev_x = nullptr;
    cudaMalloc(&dev_x, x_bytes);
    cudaMemcpy(dev_x, x, x_bytes, cudaMemcpyHostToDevice);
    size_t flags_bytes = sizeof(int) * n;
    int *dev_flags = nullptr;
    cudaMalloc(&dev_flags, flags_bytes);
    int *dev_total = nullptr;
    cudaMalloc(&dev_total, sizeof(int));
    cudaMemset(dev_total, 0, sizeof(int));

    mark_below<<<(n + 255) / 256, 256>>>(n, pivot, dev_x, dev_flags, dev_total);
    int below = 0;
    cudaMemcpy(&below, dev_total, sizeof(int), cudaMemcpyDeviceToHost);

    cudaMemcpy(flags, dev_flags, flags_bytes, cudaMemcpyDeviceToHost);
    cudaFree(dev_x);
    cudaFree(dev_flags);
    cudaFree(dev_total);
    return below;
}
