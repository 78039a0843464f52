// One explicit step of the 1-D heat equation; both ends are kept.
#define TILE 256

__global__ void heat1d_step(int n, double alpha, const double *u, double *u_new)
{
    __shared__ double tile[TILE + 2];
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    int t = threadIdx.x + 1;
    if (i < n) {
        tile[t] = u[i];
        if (threadIdx.x == 0 && i > 0)
            tile[0] = u[i - 1];
        if (threadIdx.x == blockDim.x - 1 && i + 1 < n)
            tile[t + 1] = u[i + 1];
    }
    __syncthreads();
    if (i >= n)
        return;
    if (i == 0 || i == n - 1)
        u_new[i] = tile[t];
    else
        u_new[i] = tile[t] + alpha * (tile[t - 1] - 2.0 * tile[t] + tile[t + 1]);
}

void heat1d(int n, double alpha, const double *u, double *u_new)
{
    double *d_u = nullptr;
    cudaMalloc(&d_u, sizeof(double) * n);
    cudaMemcpy(d_u, u, sizeof(double) * n, cudaMemcpyHostToDevice);
    double *d_u_new = nullptr;
    cudaMalloc(&d_u_new, sizeof(double) * n);

    heat1d_step<<<(n + TILE - 1) / TILE, TILE>>>(n, alpha, d_u, d_u_new);

    cudaMemcpy(u_new, d_u_new, sizeof(double) * n, cudaMemcpyDeviceToHost);
    cudaFree(d_u);
    cudaFree(d_u_new);
}
