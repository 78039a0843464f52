// Mean over the (2 r + 1)^2 window cut at the image border; radius r >= 0.
__global__ void box_blur_kernel(int h, int w, int r, const float *src, float *dst)
{
    int x = blockIdx.x * blockDim.x + threadIdx.x;
    int y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x >= w || y >= h)
        return;
    int x0 = max(x - r, 0), x1 = min(x + r, w - 1);
    int y0 = max(y - r, 0), y1 = min(y + r, h - 1);
    float sum = 0.0f;
    for (int v = y0; v <= y1; ++v)
        for (int u = x0; u <= x1; ++u)
            sum += src[v * w + u];
    dst[y * w + x] = sum / (float)((y1 - y0 + 1) * (x1 - x0 + 1));
}

void box_blur(int h, int w, int r, const float *src, float *dst)
{
    float *d_src = nullptr;
    cudaMalloc(&d_src, sizeof(float) * h * w);
    cudaMemcpy(d_src, src, sizeof(float) * h * w, cudaMemcpyHostToDevice);
    float *d_dst = nullptr;
    cudaMalloc(&d_dst, sizeof(float) * h * w);

    dim3 block(16, 16);
    dim3 grid((w + block.x - 1) / block.x, (h + block.y - 1) / block.y);
    box_blur_kernel<<<grid, block>>>(h, w, r, d_src, d_dst);

    cudaMemcpy(dst, d_dst, sizeof(float) * h * w, cudaMemcpyDeviceToHost);
    cudaFree(d_src);
    cudaFree(d_dst);
}
