// Relax all pairs of an n x n distance matrix through vertex k, out of place; a k outside [0, n) changes nothing.
__global__ void relax(int n, int k, const double *dist, double *relaxed)
{
    __shared__ double to_k;
    int i = blockIdx.y;
    int j = blockIdx.x * blockDim.x + threadIdx.x;
    bool valid = k >= 0 && k < n;
    if (valid && threadIdx.x == 0)
        to_k = dist[i * n + k];
    __syncthreads();
    if (j < n) {
        double best = dist[i * n + j];
        if (valid) {
            double via = to_k + dist[k * n + j];
            best = via < best ? via : best;
        }
        relaxed[i * n + j] = best;
    }
}

void floyd_warshall_step(int n, int k, const double *dist, double *relaxed)
{
    size_t dist_bytes = sizeof(double) * n * n;
    double *gpu_dist;
    cudaMalloc((void **)&gpu_dist, dist_bytes);
    cudaMemcpy(gpu_dist, dist, dist_bytes, cudaMemcpyHostToDevice);
    size_t relaxed_bytes = sizeof(double) * n * n;
    double *gpu_relaxed;
    cudaMalloc((void **)&gpu_relaxed, relaxed_bytes);

    dim3 grid((n + 127) / 128, n);
    relax<<<grid, 128>>>(n, k, gpu_dist, gpu_relaxed);
    cudaDeviceSynchronize();

    cudaMemcpy(relaxed, gpu_relaxed, relaxed_bytes, cudaMemcpyDeviceToHost);
    cudaFree(gpu_dist);
    cudaFree(gpu_relaxed);
}
