// Returns the Euclidean norm of x: warp shuffles, one atomic add per warp.
__global__ void sum_squares(int n, const float *x, float *total)
{
    float v = 0.0f;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += blockDim.x * gridDim.x)
        v += x[i] * x[i];
    for (int offset = 16; offset > 0; offset /= 2)
        v += __shfl_down_sync(0xffffffff, v, offset);
    if ((threadIdx.x & 31) == 0)
        atomicAdd(total, v);
}

float nrm2(int n, const float *x)
{
    float *d_x, *d_total;
    float total = 0.0f;
    cudaMalloc((void **)&d_x, sizeof(float) * n);
    cudaMalloc((void **)&d_total, sizeof(float));
    cudaMemcpy(d_x, x, sizeof(float) * n, cudaMemcpyHostToDevice);
    cudaMemset(d_total, 0, sizeof(float));
    int blocks = (n + 127) / 128;
    if (blocks > 16) blocks = 16;
    sum_squares<<<blocks, 128>>>(n, d_x, d_total);
    cudaMemcpy(&total, d_total, sizeof(float), cudaMemcpyDeviceToHost);
    cudaFree(d_x);
    cudaFree(d_total);
    return sqrtf(total);
}
