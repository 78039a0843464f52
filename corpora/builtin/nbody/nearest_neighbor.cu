// For every query the 0-based index of the nearest of n points in the plane, the first when tied.
// One block per query: threads scan strided points, then the block keeps the least (distance, index).
__global__ void nearest_kernel(int n, const float *px, const float *py, const float *qx, const float *qy, int *nearest)
{
    __shared__ float dist[64];
    __shared__ int index[64];
    int t = threadIdx.x;
    float best_d = INFINITY;
    int best = n;
    for (int j = t; j < n; j += 64) {
        float dx = px[j] - qx[blockIdx.x];
        float dy = py[j] - qy[blockIdx.x];
        float d = dx * dx + dy * dy;
        if (d < best_d) {
            best_d = d;
            best = j;
        }
    }
    dist[t] = best_d;
    index[t] = best;
    __syncthreads();
    for (int half = 32; half > 0; half >>= 1) {
        if (t < half) {
            float other = dist[t + half];
            if (other < dist[t] || (other == dist[t] && index[t + half] < index[t])) {
                dist[t] = other;
                index[t] = index[t + half];
            }
        }
        __syncthreads();
    }
    if (t == 0)
        nearest[blockIdx.x] = index[0] < n ? index[0] : 0;
}

void nearest_neighbor(int n, int q, const float *px, const float *py, const float *qx, const float *qy, int *nearest)
{
    float *px_d = nullptr;
    cudaMalloc(&px_d, sizeof(float) * n);
    cudaMemcpy(px_d, px, sizeof(float) * n, cudaMemcpyHostToDevice);
    float *py_d = nullptr;
    cudaMalloc(&py_d, sizeof(float) * n);
    cudaMemcpy(py_d, py, sizeof(float) * n, cudaMemcpyHostToDevice);
    float *qx_d = nullptr;
    cudaMalloc(&qx_d, sizeof(float) * q);
    cudaMemcpy(qx_d, qx, sizeof(float) * q, cudaMemcpyHostToDevice);
    float *qy_d = nullptr;
    cudaMalloc(&qy_d, sizeof(float) * q);
    cudaMemcpy(qy_d, qy, sizeof(float) * q, cudaMemcpyHostToDevice);
    int *nearest_d = nullptr;
    cudaMalloc(&nearest_d, sizeof(int) * q);

    nearest_kernel<<<q, 64>>>(n, px_d, py_d, qx_d, qy_d, nearest_d);

    cudaMemcpy(nearest, nearest_d, sizeof(int) * q, cudaMemcpyDeviceToHost);
    cudaFree(px_d);
    cudaFree(py_d);
    cudaFree(qx_d);
    cudaFree(qy_d);
    cudaFree(nearest_d);
}
