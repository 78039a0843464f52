// Grey-level erosion: minimum over the 3 x 3 window cut at the border.
__global__ void erode_kernel(int rows, int cols, const unsigned char *in, unsigned char *out)
{
    int c = blockIdx.y * blockDim.x + threadIdx.x;
    int r = blockIdx.x;
    if (c >= cols)
        return;
    int low = 255;
    for (int i = r > 0 ? r - 1 : 0; i <= r + 1 && i < rows; ++i)
        for (int j = c > 0 ? c - 1 : 0; j <= c + 1 && j < cols; ++j)
            low = min(low, (int)in[i * cols + j]);
    out[r * cols + c] = (unsigned char)low;
}

void erode3x3(int rows, int cols, const unsigned char* in, unsigned char* out)
{
    size_t in_bytes = sizeof(unsigned char) * rows * cols;
    unsigned char *dev_in = nullptr;
    cudaMalloc(&dev_in, in_bytes);
    cudaMemcpy(dev_in, in, in_bytes, cudaMemcpyHostToDevice);
    size_t out_bytes = sizeof(unsigned char) * rows * cols;
    unsigned char *dev_out = nullptr;
    cudaMalloc(&dev_out, out_bytes);

    dim3 grid(rows, (cols + 63) / 64);
    erode_kernel<<<grid, 64>>>(rows, cols, dev_in, dev_out);
    cudaDeviceSynchronize();

    cudaMemcpy(out, dev_out, out_bytes, cudaMemcpyDeviceToHost);
    cudaFree(dev_in);
    cudaFree(dev_out);
}
