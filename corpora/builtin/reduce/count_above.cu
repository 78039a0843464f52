// Returns how many elements exceed the threshold: a shared counter per block, one global atomic per block.
__global__ void count_kernel(int n, const float *x, float threshold, int *count)
{
    __shared__ int local;
    if (threadIdx.x == 0)
        local = 0;
    __syncthreads();
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n && x[i] > threshold)
        atomicAdd(&local, 1);
    __syncthreads();
    if (threadIdx.x == 0)
        atomicAdd(count, local);
}

int count_above(int n, const float *x, float threshold)
{
    float *dx;
    int *dc, count = 0;
    cudaMalloc((void **)&dx, n * sizeof(float));
    cudaMalloc((void **)&dc, sizeof(int));
    cudaMemcpy(dx, x, n * sizeof(float), cudaMemcpyHostToDevice);
    cudaMemset(dc, 0, sizeof(int));
    count_kernel<<<(n + 127) / 128, 128>>>(n, dx, threshold, dc);
    cudaMemcpy(&count, dc, sizeof(int), cudaMemcpyDeviceToHost);
    cudaFree(dx);
    cudaFree(dc);
    return count;
}
