// Reorder a tensor from [n][c][h][w] to [n][h][w][c].
__global__ void reorder(int total, int c, int h, int w, const float *src, float *dst)
{
    for (int o = blockIdx.x * blockDim.x + threadIdx.x; o < total; o += gridDim.x * blockDim.x) {
        int rest = o;
        int k = rest % c;
        rest /= c;
        int x = rest % w;
        rest /= w;
        int y = rest % h;
        int b = rest / h;
        dst[o] = src[((b * c + k) * h + y) * w + x];
    }
}

void nchw_to_nhwc(int n, int c, int h, int w, const float *src, float *dst)
{
    int total = n * c * h * w;
    float *d_src = nullptr;
    cudaMalloc(&d_src, sizeof(float) * total);
    cudaMemcpy(d_src, src, sizeof(float) * total, cudaMemcpyHostToDevice);
    float *d_dst = nullptr;
    cudaMalloc(&d_dst, sizeof(float) * total);

    int blocks = total / 256 + 1;
    reorder<<<blocks, 256>>>(total, c, h, w, d_src, d_dst);

    cudaMemcpy(dst, d_dst, sizeof(float) * total, cudaMemcpyDeviceToHost);
    cudaFree(d_src);
    cudaFree(d_dst);
}
