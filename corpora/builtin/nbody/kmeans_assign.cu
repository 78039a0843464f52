// Label of the nearest of k centres for each of n points in dim dimensions, the first when tied.
__global__ void assign_labels(int n, int k, int dim, const float *points, const float *centres, int *label)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    const float *p = points + i * dim;
    int best = 0;
    float least = 0.0f;
    for (int c = 0; c < k; ++c) {
        float s = 0.0f;
        for (int d = 0; d < dim; ++d) {
            float diff = p[d] - centres[c * dim + d];
            s += diff * diff;
        }
        if (c == 0 || s < least) {
            least = s;
            best = c;
        }
    }
    label[i] = best;
}

void kmeans_assign(int n, int k, int dim, const float *points, const float *centres, int *label)
{
    size_t points_bytes = sizeof(float) * n * dim;
    float *dev_points = nullptr;
    cudaMalloc(&dev_points, points_bytes);
    cudaMemcpy(dev_points, points, points_bytes, cudaMemcpyHostToDevice);
    size_t centres_bytes = sizeof(float) * k * dim;
    float *dev_centres = nullptr;
    cudaMalloc(&dev_centres, centres_bytes);
    cudaMemcpy(dev_centres, centres, centres_bytes, cudaMemcpyHostToDevice);
    size_t label_bytes = sizeof(int) * n;
    int *dev_label = nullptr;
    cudaMalloc(&dev_label, label_bytes);

    assign_labels<<<(n + 127) / 128, 128>>>(n, k, dim, dev_points, dev_centres, dev_label);
    cudaDeviceSynchronize();

    cudaMemcpy(label, dev_label, label_bytes, cudaMemcpyDeviceToHost);
    cudaFree(dev_points);
    cudaFree(dev_centres);
    cudaFree(dev_label);
}
