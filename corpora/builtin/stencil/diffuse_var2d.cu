// Diffusion with a conductivity per cell; face conductivities are means; no flux through the frame.
__device__ float face(float ka, float kb) { return 0.5f * (ka + kb); }

__global__ void diffuse_cell(int ny, int nx, float dt, const float *k, const float *u, float *out)
{
    int x = blockIdx.x * blockDim.x + threadIdx.x;
    int y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x < nx && y < ny) {
        int p = y * nx + x;
        float here = u[p], flux = 0.0f;
        if (x > 0)      flux += face(k[p], k[p - 1]) * (u[p - 1] - here);
        if (x < nx - 1) flux += face(k[p], k[p + 1]) * (u[p + 1] - here);
        if (y > 0)      flux += face(k[p], k[p - nx]) * (u[p - nx] - here);
        if (y < ny - 1) flux += face(k[p], k[p + nx]) * (u[p + nx] - here);
        out[p] = here + dt * flux;
    }
}

void diffuse_var2d(int ny, int nx, float dt, const float *k, const float *u, float *out)
{
    size_t k_bytes = sizeof(float) * ny * nx;
    float *gpu_k;
    cudaMalloc((void **)&gpu_k, k_bytes);
    cudaMemcpy(gpu_k, k, k_bytes, cudaMemcpyHostToDevice);
    size_t u_bytes = sizeof(float) * ny * nx;
    float *gpu_u;
    cudaMalloc((void **)&gpu_u, u_bytes);
    cudaMemcpy(gpu_u, u, u_bytes, cudaMemcpyHostToDevice);
    size_t out_bytes = sizeof(float) * ny * nx;
    float *gpu_out;
    cudaMalloc((void **)&gpu_out, out_bytes);

    dim3 threads(32, 4);
    diffuse_cell<<<dim3((nx + 31) / 32, (ny + 3) / 4), threads>>>(ny, nx, dt, gpu_k, gpu_u, gpu_out);
    cudaDeviceSynchronize();

    cudaMemcpy(out, gpu_out, out_bytes, cudaMemcpyDeviceToHost);
    cudaFree(gpu_k);
    cudaFree(gpu_u);
    cudaFree(gpu_out);
}
