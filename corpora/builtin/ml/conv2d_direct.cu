// Same-size convolution layer: in [ci][h][w], weight [co][ci][k][k], bias [co], out [co][h][w]; zero padding k / 2.
__global__ void conv_kernel(int ci, int h, int w, int k, const float *in, const float *weight, const float *bias, float *out)
{
    int x = blockIdx.z * blockDim.x + threadIdx.x;
    int y = blockIdx.y * blockDim.y + threadIdx.y;
    int o = blockIdx.x;
    if (x >= w || y >= h)
        return;
    float acc = bias[o];
    for (int c = 0; c < ci; ++c) {
        const float *filter = weight + (o * ci + c) * k * k;
        for (int i = 0; i < k; ++i) {
            int sy = y + i - k / 2;
            if (sy < 0 || sy >= h)
                continue;
            for (int j = 0; j < k; ++j) {
                int sx = x + j - k / 2;
                if (sx >= 0 && sx < w)
                    acc += filter[i * k + j] * in[(c * h + sy) * w + sx];
            }
        }
    }
    out[(o * h + y) * w + x] = acc;
}

void conv2d_direct(int ci, int co, int h, int w, int k, const float *in, const float *weight, const float *bias, float *out)
{
    size_t in_bytes = sizeof(float) * ci * h * w;
    float *dev_in = nullptr;
    cudaMalloc(&dev_in, in_bytes);
    cudaMemcpy(dev_in, in, in_bytes, cudaMemcpyHostToDevice);
    size_t weight_bytes = sizeof(float) * co * ci * k * k;
    float *dev_weight = nullptr;
    cudaMalloc(&dev_weight, weight_bytes);
    cudaMemcpy(dev_weight, weight, weight_bytes, cudaMemcpyHostToDevice);
    size_t bias_bytes = sizeof(float) * co;
    float *dev_bias = nullptr;
    cudaMalloc(&dev_bias, bias_bytes);
    cudaMemcpy(dev_bias, bias, bias_bytes, cudaMemcpyHostToDevice);
    size_t out_bytes = sizeof(float) * co * h * w;
    float *dev_out = nullptr;
    cudaMalloc(&dev_out, out_bytes);

    dim3 threads(16, 8);
    dim3 blocks(co, (h + 7) / 8, (w + 15) / 16);
    conv_kernel<<<blocks, threads>>>(ci, h, w, k, dev_in, dev_weight, dev_bias, dev_out);
    cudaDeviceSynchronize();

    cudaMemcpy(out, dev_out, out_bytes, cudaMemcpyDeviceToHost);
    cudaFree(dev_in);
    cudaFree(dev_weight);
    cudaFree(dev_bias);
    cudaFree(dev_out);
}
