// `sweeps` successive over-relaxation sweeps in red-black order on a rows x cols row-major grid, zero outside.
// One launch per colour: points of one colour only read points of the other.
__global__ void relax_colour(int rows, int cols, int colour, float omega, const float *f, float *u)
{
    int j = blockIdx.x * blockDim.x + threadIdx.x;
    int i = blockIdx.y * blockDim.y + threadIdx.y;
    if (i >= rows || j >= cols || (i + j) % 2 != colour)
        return;
    int c = i * cols + j;
    float around = (i > 0 ? u[c - cols] : 0.0f) + (i < rows - 1 ? u[c + cols] : 0.0f);
    around += (j > 0 ? u[c - 1] : 0.0f) + (j < cols - 1 ? u[c + 1] : 0.0f);
    u[c] = (1.0f - omega) * u[c] + omega * 0.25f * (around - f[c]);
}

void sor_redblack(int rows, int cols, int sweeps, float omega, const float *f, float *u)
{
    if (rows < 1 || cols < 1 || sweeps < 1)
        return;
    size_t bytes = (size_t)rows * cols * sizeof(float);
    float *df, *du;
    cudaMalloc((void **)&df, bytes);
    cudaMalloc((void **)&du, bytes);
    cudaMemcpy(df, f, bytes, cudaMemcpyHostToDevice);
    cudaMemcpy(du, u, bytes, cudaMemcpyHostToDevice);
    dim3 block(16, 16);
    dim3 grid((cols + 15) / 16, (rows + 15) / 16);
    for (int s = 0; s < sweeps; s++) {
        relax_colour<<<grid, block>>>(rows, cols, 0, omega, df, du);
        relax_colour<<<grid, block>>>(rows, cols, 1, omega, df, du);
    }
    cudaMemcpy(u, du, bytes, cudaMemcpyDeviceToHost);
    cudaFree(df);
    cudaFree(du);
}
