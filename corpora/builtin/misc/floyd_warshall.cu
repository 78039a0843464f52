// All shortest distances of an n x n matrix, in place; row and column of the vertex that is passed through stay.
__global__ void pass_through(int n, int k, double *dist)
{
    int j = blockIdx.x * blockDim.x + threadIdx.x;
    int i = blockIdx.y * blockDim.y + threadIdx.y;
    if (i >= n || j >= n || i == k || j == k)
        return;
    double via = dist[i * n + k] + dist[k * n + j];
    if (via < dist[i * n + j])
        dist[i * n + j] = via;
}

void floyd_warshall(int n, double *dist)
{
    if (n < 1)
        return;
    size_t bytes = sizeof(double) * n * n;
    double *d_dist;
    cudaMalloc((void **)&d_dist, bytes);
    cudaMemcpy(d_dist, dist, bytes, cudaMemcpyHostToDevice);
    dim3 block(16, 16), grid((n + 15) / 16, (n + 15) / 16);
    for (int k = 0; k < n; k++)
        pass_through<<<grid, block>>>(n, k, d_dist);
    cudaMemcpy(dist, d_dist, bytes, cudaMemcpyDeviceToHost);
    cudaFree(d_dist);
}
