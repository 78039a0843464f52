// One Jacobi sweep for the Laplace equation on a rows x cols grid; the frame is copied.
__global__ void laplace2d_sweep(int rows, int cols, const double *src, double *dst)
{
    int j = blockIdx.x * blockDim.x + threadIdx.x;
    int i = blockIdx.y * blockDim.y + threadIdx.y;
    if (i >= rows || j >= cols)
        return;
    int p = i * cols + j;
    bool frame = i == 0 || j == 0 || i == rows - 1 || j == cols - 1;
    dst[p] = frame ? src[p] : 0.25 * (src[p - cols] + src[p + cols] + src[p - 1] + src[p + 1]);
}

void laplace2d(int rows, int cols, const double *old_grid, double *new_grid)
{
    size_t old_grid_bytes = sizeof(double) * rows * cols;
    double *dev_old_grid = nullptr;
    cudaMalloc(&dev_old_grid, old_grid_bytes);
    cudaMemcpy(dev_old_grid, old_grid, old_grid_bytes, cudaMemcpyHostToDevice);
    size_t new_grid_bytes = sizeof(double) * rows * cols;
    double *dev_new_grid = nullptr;
    cudaMalloc(&dev_new_grid, new_grid_bytes);

    dim3 block(16, 16);
    dim3 grid((cols + 15) / 16, (rows + 15) / 16);
    laplace2d_sweep<<<grid, block>>>(rows, cols, dev_old_grid, dev_new_grid);
    cudaDeviceSynchronize();

    cudaMemcpy(new_grid, dev_new_grid, new_grid_bytes, cudaMemcpyDeviceToHost);
    cudaFree(dev_old_grid);
    cudaFree(dev_new_grid);
}
