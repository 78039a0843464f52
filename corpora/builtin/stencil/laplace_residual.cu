// Residual r = f - A u of the 5-point Poisson operator (zero outside the grid); returns the sum of r^2.
__global__ void residual_kernel(int n, int m, double inv_h2, const double *u, const double *f, double *r, double *partial)
{
    __shared__ double cache[128];
    int tid = threadIdx.x;
    int p = blockIdx.x * blockDim.x + tid;
    double sq = 0.0;
    if (p < n * m) {
        int i = p / m, j = p % m;
        double up = i > 0 ? u[p - m] : 0.0;
        double down = i < n - 1 ? u[p + m] : 0.0;
        double left = j > 0 ? u[p - 1] : 0.0;
        double right = j < m - 1 ? u[p + 1] : 0.0;
        double res = f[p] - inv_h2 * (4.0 * u[p] - up - down - left - right);
        r[p] = res;
        sq = res * res;
    }
    cache[tid] = sq;
    __syncthreads();
    for (int step = blockDim.x / 2; step > 0; step /= 2) {
        if (tid < step)
            cache[tid] += cache[tid + step];
        __syncthreads();
    }
    if (tid == 0)
        partial[blockIdx.x] = cache[0];
}

double laplace_residual(int n, int m, double inv_h2, const double *u, const double *f, double *r)
{
    int blocks = (n * m + 127) / 128;
    size_t u_bytes = sizeof(double) * n * m;
    double *gpu_u;
    cudaMalloc((void **)&gpu_u, u_bytes);
    cudaMemcpy(gpu_u, u, u_bytes, cudaMemcpyHostToDevice);
    size_t f_bytes = sizeof(double) * n * m;
    double *gpu_f;
    cudaMalloc((void **)&gpu_f, f_bytes);
    cudaMemcpy(gpu_f, f, f_bytes, cudaMemcpyHostToDevice);
    size_t r_bytes = sizeof(double) * n * m;
    double *gpu_r;
    cudaMalloc((void **)&gpu_r, r_bytes);
    size_t partial_bytes = sizeof(double) * blocks;
    double *gpu_partial;
    cudaMalloc((void **)&gpu_partial, partial_bytes);

    residual_kernel<<<blocks, 128>>>(n, m, inv_h2, gpu_u, gpu_f, gpu_r, gpu_partial);
    double total = 0.0;
    for (int b = 0; b < blocks; b++) {
        double value;
        cudaMemcpy(&value, gpu_partial + b, sizeof(double), cudaMemcpyDeviceToHost);
        total += value;
    }

    cudaMemcpy(r, gpu_r, r_bytes, cudaMemcpyDeviceToHost);
    cudaFree(gpu_u);
    cudaFree(gpu_f);
    cudaFree(gpu_r);
    cudaFree(gpu_partial);
    return total;
}
