// w := alpha * x + beta * y.
__global__ void waxpby_kernel(int n, double alpha, const double *x, double beta, const double *y, double *w)
{
    const int stride = gridDim.x * blockDim.x;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += stride)
        w[i] = alpha * x[i] + beta * y[i];
}

void waxpby(const int n, const double alpha, const double * const x, const double beta, const double * const y,
            double * const w)
{
    double *dx, *dy, *dw;
    cudaMalloc(&dx, n * sizeof(double));
    cudaMalloc(&dy, n * sizeof(double));
    cudaMalloc(&dw, n * sizeof(double));
    cudaMemcpy(dx, x, n * sizeof(double), cudaMemcpyHostToDevice);
    cudaMemcpy(dy, y, n * sizeof(double), cudaMemcpyHostToDevice);
    waxpby_kernel<<<(n + 511) / 512, 256>>>(n, alpha, dx, beta, dy, dw);
    cudaDeviceSynchronize();
    cudaMemcpy(w, dw, n * sizeof(double), cudaMemcpyDeviceToHost);
    cudaFree(dx);
    cudaFree(dy);
    cudaFree(dw);
}
