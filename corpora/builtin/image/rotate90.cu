// Rotate a rows x cols byte image by 90 degrees clockwise; the result is cols x rows.
__global__ void rotate_kernel(int rows, int cols, const unsigned char *in, unsigned char *out)
{
    int c = blockIdx.x * blockDim.x + threadIdx.x;
    int r = blockIdx.y * blockDim.y + threadIdx.y;
    if (r < rows && c < cols)
        out[c * rows + (rows - 1 - r)] = in[r * cols + c];
}

void rotate90(int rows, int cols, const unsigned char *in, unsigned char *out)
{
    unsigned char *d_in = nullptr;
    cudaMalloc(&d_in, sizeof(unsigned char) * rows * cols);
    cudaMemcpy(d_in, in, sizeof(unsigned char) * rows * cols, cudaMemcpyHostToDevice);
    unsigned char *d_out = nullptr;
    cudaMalloc(&d_out, sizeof(unsigned char) * rows * cols);

    dim3 block(16, 16);
    dim3 grid((cols + 15) / 16, (rows + 15) / 16);
    rotate_kernel<<<grid, block>>>(rows, cols, d_in, d_out);

    cudaMemcpy(out, d_out, sizeof(unsigned char) * rows * cols, cudaMemcpyDeviceToHost);
    cudaFree(d_in);
    cudaFree(d_out);
}
