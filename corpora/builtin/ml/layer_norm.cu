// Layer normalisation of every row with gain and bias per column; eps > 0.
// One warp per row, four rows per block; sums by butterfly shuffles.
__device__ float warp_total(float v)
{
    for (int mask = 16; mask > 0; mask /= 2)
        v += __shfl_xor_sync(0xffffffff, v, mask);
    return v;
}

__global__ void layer_norm_rows(int rows, int cols, float eps, const float *x, const float *gain, const float *bias, float *y)
{
    int lane = threadIdx.x;
    int r = blockIdx.x * blockDim.y + threadIdx.y;
    if (r >= rows)
        return;
    const float *row = x + r * cols;
    float part = 0.0f;
    for (int c = lane; c < cols; c += 32)
        part += row[c];
    float mean = warp_total(part) / cols;
    part = 0.0f;
    for (int c = lane; c < cols; c += 32)
        part += (row[c] - mean) * (row[c] - mean);
    float scale = 1.0f / sqrtf(warp_total(part) / cols + eps);
    for (int c = lane; c < cols; c += 32)
        y[r * cols + c] = (row[c] - mean) * scale * gain[c] + bias[c];
}

void layer_norm(int rows, int cols, float eps, const float *x, const float *gain, const float *bias, float *y)
{
    float *d_x;
    cudaMalloc((void **)&d_x, sizeof(float) * rows * cols);
    cudaMemcpy(d_x, x, sizeof(float) * rows * cols, cudaMemcpyHostToDevice);
    float *d_gain;
    cudaMalloc((void **)&d_gain, sizeof(float) * cols);
    cudaMemcpy(d_gain, gain, sizeof(float) * cols, cudaMemcpyHostToDevice);
    float *d_bias;
    cudaMalloc((void **)&d_bias, sizeof(float) * cols);
    cudaMemcpy(d_bias, bias, sizeof(float) * cols, cudaMemcpyHostToDevice);
    float *d_y;
    cudaMalloc((void **)&d_y, sizeof(float) * rows * cols);

    dim3 block(32, 4);
    layer_norm_rows<<<(rows + 3) / 4, block>>>(rows, cols, eps, d_x, d_gain, d_bias, d_y);

    cudaMemcpy(y, d_y, sizeof(float) * rows * cols, cudaMemcpyDeviceToHost);
    cudaFree(d_x);
    cudaFree(d_gain);
    cudaFree(d_bias);
    cudaFree(d_y);
}
