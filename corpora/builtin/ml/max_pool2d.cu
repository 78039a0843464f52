// 2 x 2 maximum pooling, stride 2, of [channels][h][w]; the last window of an odd side is cut.
__global__ void pool(int h, int w, int oh, int ow, const float *in, float *out)
{
    int x = blockIdx.z * blockDim.x + threadIdx.x;
    int y = blockIdx.y * blockDim.y + threadIdx.y;
    int c = blockIdx.x;
    if (x >= ow || y >= oh)
        return;
    const float *plane = in + c * h * w;
    bool right = 2 * x + 1 < w, below = 2 * y + 1 < h;
    int p = 2 * y * w + 2 * x;
    float best = plane[p];
    if (right && plane[p + 1] > best) best = plane[p + 1];
    if (below && plane[p + w] > best) best = plane[p + w];
    if (right && below && plane[p + w + 1] > best) best = plane[p + w + 1];
    out[(c * oh + y) * ow + x] = best;
}

void max_pool2d(int channels, int h, int w, const float *in, float *out)
{
    int oh = (h + 1) / 2, ow = (w + 1) / 2;
    float *d_in = nullptr;
    cudaMalloc(&d_in, sizeof(float) * channels * h * w);
    cudaMemcpy(d_in, in, sizeof(float) * channels * h * w, cudaMemcpyHostToDevice);
    float *d_out = nullptr;
    cudaMalloc(&d_out, sizeof(float) * channels * oh * ow);

    dim3 block(8, 8);
    dim3 grid(channels, (oh + 7) / 8, (ow + 7) / 8);
    pool<<<grid, block>>>(h, w, oh, ow, d_in, d_out);

    cudaMemcpy(out, d_out, sizeof(float) * channels * oh * ow, cudaMemcpyDeviceToHost);
    cudaFree(d_in);
    cudaFree(d_out);
}
