__global__ void gram_matrix(const float *X, float *G, int n, int d)
{
    int i = blockIdx.y * blockDim.y + threadIdx.y;
    int j = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n || j > i) return;
    float s = 0.f;
    for (int k = 0; k < d; k++) s += X[i * d + k] * X[j * d + k];
    G[i * n + j] = s;
    G[j * n + i] = s;
}
