// One explicit 7-point heat step on an nz x ny x nx block; boundary cells keep their value.
__global__ void heat3d_kernel(int nx, int ny, int nz, float k, const float *__restrict__ t, float *__restrict__ t_next)
{
    int x = blockIdx.x * blockDim.x + threadIdx.x;
    int y = blockIdx.y * blockDim.y + threadIdx.y;
    int z = blockIdx.z * blockDim.z + threadIdx.z;
    if (x >= nx || y >= ny || z >= nz)
        return;
    int plane = nx * ny;
    int c = z * plane + y * nx + x;
    float v = t[c];
    if (x > 0 && y > 0 && z > 0 && x < nx - 1 && y < ny - 1 && z < nz - 1)
        v += k * (t[c - 1] + t[c + 1] + t[c - nx] + t[c + nx] + t[c - plane] + t[c + plane] - 6.0f * t[c]);
    t_next[c] = v;
}

void heat3d(int nx, int ny, int nz, float k, const float *t, float *t_next)
{
    size_t t_bytes = sizeof(float) * nx * ny * nz;
    float *dev_t = nullptr;
    cudaMalloc(&dev_t, t_bytes);
    cudaMemcpy(dev_t, t, t_bytes, cudaMemcpyHostToDevice);
    size_t t_next_bytes = sizeof(float) * nx * ny * nz;
    float *dev_t_next = nullptr;
    cudaMalloc(&dev_t_next, t_next_bytes);

    dim3 threads(8, 8, 4);
    dim3 blocks((nx + 7) / 8, (ny + 7) / 8, (nz + 3) / 4);
    heat3d_kernel<<<blocks, threads>>>(nx, ny, nz, k, dev_t, dev_t_next);
    cudaDeviceSynchronize();

    cudaMemcpy(t_next, dev_t_next, t_next_bytes, cudaMemcpyDeviceToHost);
    cudaFree(dev_t);
    cudaFree(dev_t_next);
}
