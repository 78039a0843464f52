// `sweeps` successive over-relaxation sweeps in red-black order on a rows x cols row-major grid, boundary values fixed.
// One launch per colour: points of one colour only read points of the other.
__global__ void relax_colour(int rows, int cols, int colour, float omega, const float *f, float *u)
{
    int j = blockIdx.x * blockDim.x + threadIdx.x + 1;
    int i = blockIdx.y * blockDim.y + threadIdx.y + 1;
    if (i >= rows - 1 || j >= cols - 1 || (i + j) % 2 != colour)
        return;
    int c = i * cols + j;
    float gs = 0.25f * (u[c - cols] + u[c + cols] + u[c - 1] + u[c + 1] - f[c]);
    u[c] = (1.0f - omega) * u[c] + omega * gs;
}

void sor_redblack(int rows, int cols, int sweeps, float omega, const float *f, float *u)
{
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
