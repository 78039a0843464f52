// Euclidean distance between every row of a (n x dim) and every row of b (m x dim).
__global__ void distances(int n, int m, int dim, const float *a, const float *b, float *dist)
{
    __shared__ float ta[16][17], tb[16][17];
    int i = blockIdx.y * 16 + threadIdx.y;
    int j = blockIdx.x * 16 + threadIdx.x;
    int jb = blockIdx.x * 16 + threadIdx.y;
    float s = 0.0f;
    for (int k0 = 0; k0 < dim; k0 += 16) {
        int k = k0 + threadIdx.x;
        ta[threadIdx.y][threadIdx.x] = (i < n && k < dim) ? a[i * dim + k] : 0.0f;
        tb[threadIdx.y][threadIdx.x] = (jb < m && k < dim) ? b[jb * dim + k] : 0.0f;
        __syncthreads();
        for (int k = 0; k < 16; ++k) {
            float d = ta[threadIdx.y][k] - tb[threadIdx.x][k];
            s += d * d;
        }
        __syncthreads();
    }
    if (i < n && j < m)
        dist[i * m + j] = sqrtf(s);
}

void pair_distances(int n, int m, int dim, const float *a, const float *b, float *dist)
{
    size_t a_bytes = sizeof(float) * n * dim;
    float *dev_a = nullptr;
    cudaMalloc(&dev_a, a_bytes);
    cudaMemcpy(dev_a, a, a_bytes, cudaMemcpyHostToDevice);
    size_t b_bytes = sizeof(float) * m * dim;
    float *dev_b = nullptr;
    cudaMalloc(&dev_b, b_bytes);
    cudaMemcpy(dev_b, b, b_bytes, cudaMemcpyHostToDevice);
    size_t dist_bytes = sizeof(float) * n * m;
    float *dev_dist = nullptr;
    cudaMalloc(&dev_dist, dist_bytes);

    dim3 grid((m + 15) / 16, (n + 15) / 16);
    distances<<<grid, dim3(16, 16)>>>(n, m, dim, dev_a, dev_b, dev_dist);
    cudaDeviceSynchronize();

    cudaMemcpy(dist, dev_dist, dist_bytes, cudaMemcpyDeviceToHost);
    cudaFree(dev_a);
    cudaFree(dev_b);
    cudaFree(dev_dist);
}
