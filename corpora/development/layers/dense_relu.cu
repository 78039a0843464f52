__global__ void dense_relu(float *X, float *W, float *b, float *Y, int rows, int in_dim, int out_dim)
{
    int o = blockIdx.x * blockDim.x + threadIdx.x;
    int r = blockIdx.y * blockDim.y + threadIdx.y;
    if (r < rows && o < out_dim) {
        float acc = b[o];
        for (int i = 0; i < in_dim; i++) {
            acc += X[r * in_dim + i] * W[i * out_dim + o];
        }
        Y[r * out_dim + o] = acc > 0 ? acc : 0;
    }
}
