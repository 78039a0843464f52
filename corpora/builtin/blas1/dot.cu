// Returns the inner product of x and y: shared-memory tree per block, partial sums added on the host.
__global__ void dot_kernel(int n, const double *x, const double *y, double *partial)
{
    __shared__ double cache[256];
    int tid = threadIdx.x;
    double sum = 0.0;
    for (int i = blockIdx.x * blockDim.x + tid; i < n; i += gridDim.x * blockDim.x)
        sum += x[i] * y[i];
    cache[tid] = sum;
    __syncthreads();
    for (int s = blockDim.x / 2; s > 0; s >>= 1) {
        if (tid < s)
            cache[tid] += cache[tid + s];
        __syncthreads();
    }
    if (tid == 0)
        partial[blockIdx.x] = cache[0];
}

double dot(int n, const double *x, const double *y)
{
    const int threads = 256;
    int blocks = (n + threads - 1) / threads;
    if (blocks > 32) blocks = 32;
    double *dx, *dy, *dp;
    double partial[32];
    cudaMalloc((void **)&dx, n * sizeof(double));
    cudaMalloc((void **)&dy, n * sizeof(double));
    cudaMalloc((void **)&dp, blocks * sizeof(double));
    cudaMemcpy(dx, x, n * sizeof(double), cudaMemcpyHostToDevice);
    cudaMemcpy(dy, y, n * sizeof(double), cudaMemcpyHostToDevice);
    dot_kernel<<<blocks, threads>>>(n, dx, dy, dp);
    cudaMemcpy(partial, dp, blocks * sizeof(double), cudaMemcpyDeviceToHost);
    double sum = 0.0;
    for (int b = 0; b < blocks; b++)
        sum += partial[b];
    cudaFree(dx);
    cudaFree(dy);
    cudaFree(dp);
    return sum;
}
