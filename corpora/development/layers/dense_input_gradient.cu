__global__ void dense_input_gradient(const float *dY, const float *W, float *dX, int rows, int in_dim, int out_dim)
{
    int r = blockIdx.y * blockDim.y + threadIdx.y;
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (r >= rows || i >= in_dim) return;
    float g = 0;
    const float *w = W + (long)i * out_dim;
    for (int o = 0; o < out_dim; o++) g += dY[r * out_dim + o] * *w++;
    dX[r * in_dim + i] = g;
}
