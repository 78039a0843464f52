// Escape iteration of z -> z^2 + c on a w x h raster starting at (x_min, y_min) with spacing step.
__device__ int escape_time(double cr, double ci, int max_iter)
{
    double zr = 0.0, zi = 0.0;
    int k = 0;
    for (; k < max_iter && zr * zr + zi * zi <= 4.0; k++) {
        double t = zr * zr - zi * zi + cr;
        zi = 2.0 * zr * zi + ci;
        zr = t;
    }
    return k;
}

__global__ void render(int w, int h, int max_iter, double x_min, double y_min, double step, int *iters)
{
    int col = blockIdx.x * blockDim.x + threadIdx.x;
    int row = blockIdx.y * blockDim.y + threadIdx.y;
    if (col < w && row < h)
        iters[row * w + col] = escape_time(x_min + col * step, y_min + row * step, max_iter);
}

void mandelbrot(int w, int h, int max_iter, double x_min, double y_min, double step, int *iters)
{
    int *d_iters;
    cudaMalloc((void **)&d_iters, sizeof(int) * w * h);

    dim3 block(16, 4);
    dim3 grid((w + 15) / 16, (h + 3) / 4);
    render<<<grid, block>>>(w, h, max_iter, x_min, y_min, step, d_iters);

    cudaMemcpy(iters, d_iters, sizeof(int) * w * h, cudaMemcpyDeviceToHost);
    cudaFree(d_iters);
}
