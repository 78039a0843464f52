// `sweeps` Jacobi sweeps of the 3-D Poisson equation: u := (six neighbours - h2 * f) / 6 inside, the faces stay. next is scratch.
__global__ void sweep(int nx, int ny, int nz, float h2, const float *f, const float *u, float *next)
{
    int x = blockIdx.x * blockDim.x + threadIdx.x + 1;
    int y = blockIdx.y * blockDim.y + threadIdx.y + 1;
    int z = blockIdx.z * blockDim.z + threadIdx.z + 1;
    if (x >= nx - 1 || y >= ny - 1 || z >= nz - 1)
        return;
    int plane = nx * ny, c = z * plane + y * nx + x;
    float around = u[c - 1] + u[c + 1] + u[c - nx] + u[c + nx] + u[c - plane] + u[c + plane];
    next[c] = (around - h2 * f[c]) / 6.0f;
}

__global__ void take_over(int nx, int ny, int nz, const float *next, float *u)
{
    int x = blockIdx.x * blockDim.x + threadIdx.x + 1;
    int y = blockIdx.y * blockDim.y + threadIdx.y + 1;
    int z = blockIdx.z * blockDim.z + threadIdx.z + 1;
    if (x < nx - 1 && y < ny - 1 && z < nz - 1)
        u[(z * ny + y) * nx + x] = next[(z * ny + y) * nx + x];
}

void jacobi3d(int nx, int ny, int nz, int sweeps, float h2, const float *f, float *u, float *next)
{
    if (nx < 3 || ny < 3 || nz < 3)
        return;
    size_t bytes = sizeof(float) * nx * ny * nz;
    float *d_f, *d_u, *d_next;
    cudaMalloc((void **)&d_f, bytes);
    cudaMalloc((void **)&d_u, bytes);
    cudaMalloc((void **)&d_next, bytes);
    cudaMemcpy(d_f, f, bytes, cudaMemcpyHostToDevice);
    cudaMemcpy(d_u, u, bytes, cudaMemcpyHostToDevice);
    cudaMemcpy(d_next, next, bytes, cudaMemcpyHostToDevice);
    dim3 block(8, 4, 4), grid((nx + 7) / 8, (ny + 3) / 4, (nz + 3) / 4);
    for (int s = 0; s < sweeps; s++) {
        sweep<<<grid, block>>>(nx, ny, nz, h2, d_f, d_u, d_next);
        take_over<<<grid, block>>>(nx, ny, nz, d_next, d_u);
    }
    cudaMemcpy(u, d_u, bytes, cudaMemcpyDeviceToHost);
    cudaMemcpy(next, d_next, bytes, cudaMemcpyDeviceToHost);
    cudaFree(d_f);
    cudaFree(d_u);
    cudaFree(d_next);
}
