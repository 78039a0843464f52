// Applies a plane rotation: (x, y) := (c x + s y, c y - s x).
__global__ void rotate(int n, double *x, double *y, double c, double s)
{
    int i = threadIdx.x + blockIdx.x * blockDim.x;
    if (i >= n) return;
    double xi = x[i];
    double yi = y[i];
    x[i] = c * xi + s * yi;
    y[i] = c * yi - s * xi;
}

void rot(int n, double *x, double *y, double c, double s)
{
    double *dx, *dy;
    const size_t size = n * sizeof(double);
    cudaMalloc(&dx, size);
    cudaMalloc(&dy, size);
    cudaMemcpy(dx, x, size, cudaMemcpyHostToDevice);
    cudaMemcpy(dy, y, size, cudaMemcpyHostToDevice);
    dim3 block(64);
    dim3 grid((n + block.x - 1) / block.x);
    rotate<<<grid, block>>>(n, dx, dy, c, s);
    cudaMemcpy(x, dx, size, cudaMemcpyDeviceToHost);
    cudaMemcpy(y, dy, size, cudaMemcpyDeviceToHost);
    cudaFree(dx);
    cudaFree(dy);
}
