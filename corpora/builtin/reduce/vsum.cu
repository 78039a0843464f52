// Returns the sum of the elements: every thread loads two, shared-memory tree, one atomic add per block.
__global__ void vsum_kernel(int n, const float *a, float *total)
{
    __shared__ float part[128];
    int i = blockIdx.x * (2 * blockDim.x) + threadIdx.x;
    float v = i < n ? a[i] : 0.0f;
    if (i + blockDim.x < n)
        v += a[i + blockDim.x];
    part[threadIdx.x] = v;
    for (unsigned int s = blockDim.x / 2; s > 0; s >>= 1) {
        __syncthreads();
        if (threadIdx.x < s)
            part[threadIdx.x] += part[threadIdx.x + s];
    }
    if (threadIdx.x == 0)
        atomicAdd(total, part[0]);
}

float vsum(int n, const float *a)
{
    float *d_a, *d_total;
    float total = 0.0f;
    cudaMalloc((void **)&d_a, n * sizeof(float));
    cudaMalloc((void **)&d_total, sizeof(float));
    cudaMemcpy(d_a, a, n * sizeof(float), cudaMemcpyHostToDevice);
    cudaMemcpy(d_total, &total, sizeof(float), cudaMemcpyHostToDevice);
    vsum_kernel<<<(n + 255) / 256, 128>>>(n, d_a, d_total);
    cudaMemcpy(&total, d_total, sizeof(float), cudaMemcpyDeviceToHost);
    cudaFree(d_a);
    cudaFree(d_total);
    return total;
}
