// D2Q9 streaming by pulling from the upwind neighbour on a periodic ny x nx lattice; f is [9][ny][nx].
__constant__ int velocity_x[9] = {0, 1, 0, -1, 0, 1, -1, -1, 1};
__constant__ int velocity_y[9] = {0, 0, 1, 0, -1, 1, 1, -1, -1};

__global__ void pull(int ny, int nx, const float *f, float *f_out)
{
    int cell = blockIdx.x * blockDim.x + threadIdx.x;
    int q = blockIdx.y;
    if (cell >= nx * ny)
        return;
    int x = cell % nx, y = cell / nx;
    int from_x = (x - velocity_x[q] + nx) % nx;
    int from_y = (y - velocity_y[q] + ny) % ny;
    f_out[q * ny * nx + cell] = f[(q * ny + from_y) * nx + from_x];
}

void lbm_stream(int ny, int nx, const float *f, float *f_out)
{
    float *d_f = nullptr;
    cudaMalloc(&d_f, sizeof(float) * 9 * nx * ny);
    cudaMemcpy(d_f, f, sizeof(float) * 9 * nx * ny, cudaMemcpyHostToDevice);
    float *d_f_out = nullptr;
    cudaMalloc(&d_f_out, sizeof(float) * 9 * nx * ny);

    dim3 grid((nx * ny + 127) / 128, 9);
    pull<<<grid, 128>>>(ny, nx, d_f, d_f_out);

    cudaMemcpy(f_out, d_f_out, sizeof(float) * 9 * nx * ny, cudaMemcpyDeviceToHost);
    cudaFree(d_f);
    cudaFree(d_f_out);
}
