// Softmax of every row of a rows x cols matrix.
// One block per row; maximum and sum are reduced in shared memory.
__global__ void softmax_kernel(int cols, const float *x, float *y)
{
    __shared__ float red[128];
    const float *in = x + blockIdx.x * cols;
    float *out = y + blockIdx.x * cols;
    int t = threadIdx.x;

    float top = -INFINITY;
    for (int c = t; c < cols; c += blockDim.x)
        top = fmaxf(top, in[c]);
    red[t] = top;
    __syncthreads();
    for (int s = blockDim.x / 2; s > 0; s >>= 1) {
        if (t < s)
            red[t] = fmaxf(red[t], red[t + s]);
        __syncthreads();
    }
    top = red[0];
    __syncthreads();

    float sum = 0.0f;
    for (int c = t; c < cols; c += blockDim.x) {
        float e = expf(in[c] - top);
        out[c] = e;
        sum += e;
    }
    red[t] = sum;
    __syncthreads();
    for (int s = blockDim.x / 2; s > 0; s >>= 1) {
        if (t < s)
            red[t] += red[t + s];
        __syncthreads();
    }
    sum = red[0];
    for (int c = t; c < cols; c += blockDim.x)
        out[c] /= sum;
}

void softmax_rows(int rows, int cols, const float *x, float *y)
{
    float *x_d = nullptr;
    cudaMalloc(&x_d, sizeof(float) * rows * cols);
    cudaMemcpy(x_d, x, sizeof(float) * rows * cols, cudaMemcpyHostToDevice);
    float *y_d = nullptr;
    cudaMalloc(&y_d, sizeof(float) * rows * cols);

    softmax_kernel<<<rows, 128>>>(cols, x_d, y_d);

    cudaMemcpy(y, y_d, sizeof(float) * rows * cols, cudaMemcpyDeviceToHost);
    cudaFree(x_d);
    cudaFree(y_d);
}
