// `steps` passes of the (1, 2, 1) / 4 filter over a ring, in place; work holds n elements.
__global__ void ring_filter(int n, const double *in, double *out)
{
    int stride = gridDim.x * blockDim.x;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += stride) {
        int l = i == 0 ? n - 1 : i - 1;
        int r = i == n - 1 ? 0 : i + 1;
        out[i] = 0.25 * in[l] + 0.5 * in[i] + 0.25 * in[r];
    }
}

void periodic_blur1d(int n, int steps, double *x, double *work)
{
    double *d_x;
    cudaMalloc((void **)&d_x, sizeof(double) * n);
    cudaMemcpy(d_x, x, sizeof(double) * n, cudaMemcpyHostToDevice);
    double *d_work;
    cudaMalloc((void **)&d_work, sizeof(double) * n);
    cudaMemcpy(d_work, work, sizeof(double) * n, cudaMemcpyHostToDevice);

    int blocks = (n + 255) / 256;
    if (blocks > 64)
        blocks = 64;
    for (int s = 0; s < steps; s++) {
        ring_filter<<<blocks, 256>>>(n, d_x, d_work);
        cudaMemcpy(d_x, d_work, n * sizeof(double), cudaMemcpyDeviceToDevice);
    }

    cudaMemcpy(x, d_x, sizeof(double) * n, cudaMemcpyDeviceToHost);
    cudaMemcpy(work, d_work, sizeof(double) * n, cudaMemcpyDeviceToHost);
    cudaFree(d_x);
    cudaFree(d_work);
}
