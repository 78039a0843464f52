// x := a * x, double precision; grid-stride loop.
__global__ void scal_kernel(int n, double a, double *x)
{
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
        x[i] *= a;
}

void scal(int n, double a, double *x)
{
    double *dx;
    cudaMalloc((void **)&dx, n * sizeof(double));
    cudaMemcpy(dx, x, n * sizeof(double), cudaMemcpyHostToDevice);
    int blocks = (n + 127) / 128;
    if (blocks > 64) blocks = 64;
    scal_kernel<<<blocks, 128>>>(n, a, dx);
    cudaMemcpy(x, dx, n * sizeof(double), cudaMemcpyDeviceToHost);
    cudaFree(dx);
}
