// Jacobi iteration for the Poisson equation on an nx x ny row-major grid, zero outside: `sweeps` times
// u := (sum of the four neighbours + h2 * f) / 4 at every point, all from the old values. tmp is scratch.
__global__ void copy_grid(int count, const double *from, double *to)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < count)
        to[i] = from[i];
}

__global__ void relax(int nx, int ny, double h2, const double *f, const double *old, double *u)
{
    int j = blockIdx.x * blockDim.x + threadIdx.x;
    int i = blockIdx.y * blockDim.y + threadIdx.y;
    if (i < nx && j < ny) {
        int c = i * ny + j;
        double around = (i > 0 ? old[c - ny] : 0.0) + (i < nx - 1 ? old[c + ny] : 0.0);
        around += j > 0 ? old[c - 1] : 0.0;
        around += j < ny - 1 ? old[c + 1] : 0.0;
        u[c] = 0.25 * (around + h2 * f[c]);
    }
}

void jacobi(int nx, int ny, int sweeps, double h2, const double *f, double *u, double *tmp)
{
    if (nx < 1 || ny < 1 || sweeps < 1)
        return;
    int count = nx * ny;
    size_t bytes = (size_t)count * sizeof(double);
    double *d_f, *d_u, *d_tmp;
    cudaMalloc((void **)&d_f, bytes);
    cudaMalloc((void **)&d_u, bytes);
    cudaMalloc((void **)&d_tmp, bytes);
    cudaMemcpy(d_f, f, bytes, cudaMemcpyHostToDevice);
    cudaMemcpy(d_u, u, bytes, cudaMemcpyHostToDevice);
    dim3 block(16, 8);
    dim3 grid((ny + 15) / 16, (nx + 7) / 8);
    for (int s = 0; s < sweeps; s++) {
        copy_grid<<<(count + 255) / 256, 256>>>(count, d_u, d_tmp);
        relax<<<grid, block>>>(nx, ny, h2, d_f, d_tmp, d_u);
    }
    cudaMemcpy(u, d_u, bytes, cudaMemcpyDeviceToHost);
    cudaMemcpy(tmp, d_tmp, bytes, cudaMemcpyDeviceToHost);
    cudaFree(d_f);
    cudaFree(d_u);
    cudaFree(d_tmp);
}
