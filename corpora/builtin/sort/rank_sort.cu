// Stable sort by counting, for every element, how many must stand before it.
// Keys pass through shared memory in chunks of one block.
__global__ void rank_kernel(int n, const int *in, int *out)
{
    __shared__ int chunk[128];
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    int mine = i < n ? in[i] : 0;
    int rank = 0;
    for (int base = 0; base < n; base += blockDim.x) {
        int load = base + threadIdx.x;
        if (load < n)
            chunk[threadIdx.x] = in[load];
        __syncthreads();
        int length = min((int)blockDim.x, n - base);
        for (int k = 0; k < length; k++) {
            int other = chunk[k];
            if (other < mine || (other == mine && base + k < i))
                rank++;
        }
        __syncthreads();
    }
    if (i < n)
        out[rank] = mine;
}

void rank_sort(int n, const int *in, int *out)
{
    size_t in_bytes = sizeof(int) * n;
    int *dev_in = nullptr;
    cudaMalloc(&dev_in, in_bytes);
    cudaMemcpy(dev_in, in, in_bytes, cudaMemcpyHostToDevice);
    size_t out_bytes = sizeof(int) * n;
    int *dev_out = nullptr;
    cudaMalloc(&dev_out, out_bytes);

    rank_kernel<<<(n + 127) / 128, 128>>>(n, dev_in, dev_out);
    cudaDeviceSynchronize();

    cudaMemcpy(out, dev_out, out_bytes, cudaMemcpyDeviceToHost);
    cudaFree(dev_in);
    cudaFree(dev_out);
}
