// out (cols x rows) = transpose of in (rows x cols).
// 32 x 32 tiles with one column of padding; 8 rows of threads move 4 lines each.
__global__ void transpose_tile(int rows, int cols, const double *in, double *out)
{
    __shared__ double tile[32][33];
    int c = blockIdx.x * 32 + threadIdx.x;
    int r = blockIdx.y * 32 + threadIdx.y;
    for (int k = 0; k < 32; k += 8)
        if (c < cols && r + k < rows)
            tile[threadIdx.y + k][threadIdx.x] = in[(r + k) * cols + c];
    __syncthreads();
    int out_c = blockIdx.y * 32 + threadIdx.x;
    int out_r = blockIdx.x * 32 + threadIdx.y;
    for (int k = 0; k < 32; k += 8)
        if (out_c < rows && out_r + k < cols)
            out[(out_r + k) * rows + out_c] = tile[threadIdx.x][threadIdx.y + k];
}

void matrix_transpose(int rows, int cols, const double *__restrict__ in, double *__restrict__ out)
{
    double *d_in = nullptr;
    cudaMalloc(&d_in, sizeof(double) * rows * cols);
    cudaMemcpy(d_in, in, sizeof(double) * rows * cols, cudaMemcpyHostToDevice);
    double *d_out = nullptr;
    cudaMalloc(&d_out, sizeof(double) * rows * cols);

    dim3 grid((cols + 31) / 32, (rows + 31) / 32);
    transpose_tile<<<grid, dim3(32, 8)>>>(rows, cols, d_in, d_out);

    cudaMemcpy(out, d_out, sizeof(double) * rows * cols, cudaMemcpyDeviceToHost);
    cudaFree(d_in);
    cudaFree(d_out);
}
