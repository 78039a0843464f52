// Bilinear resize of a float image (h x w to oh x ow), pixel centres aligned, edges clamped.
__device__ float source_position(int k, int in, int out)
{
    float f = (k + 0.5f) * in / out - 0.5f;
    return fminf(fmaxf(f, 0.0f), in - 1.0f);
}

__global__ void bilinear(int h, int w, int oh, int ow, const float *src, float *dst)
{
    int x = blockIdx.x * blockDim.x + threadIdx.x;
    int y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x >= ow || y >= oh)
        return;
    float fy = source_position(y, h, oh), fx = source_position(x, w, ow);
    int y0 = (int)fy, x0 = (int)fx;
    int y1 = min(y0 + 1, h - 1), x1 = min(x0 + 1, w - 1);
    float ay = fy - y0, ax = fx - x0;
    float top = (1.0f - ax) * src[y0 * w + x0] + ax * src[y0 * w + x1];
    float bottom = (1.0f - ax) * src[y1 * w + x0] + ax * src[y1 * w + x1];
    dst[y * ow + x] = (1.0f - ay) * top + ay * bottom;
}

void resize_bilinear(int h, int w, int oh, int ow, const float *src, float *dst)
{
    size_t src_bytes = sizeof(float) * h * w;
    float *dev_src = nullptr;
    cudaMalloc(&dev_src, src_bytes);
    cudaMemcpy(dev_src, src, src_bytes, cudaMemcpyHostToDevice);
    size_t dst_bytes = sizeof(float) * oh * ow;
    float *dev_dst = nullptr;
    cudaMalloc(&dev_dst, dst_bytes);

    dim3 block(16, 8);
    bilinear<<<dim3((ow + 15) / 16, (oh + 7) / 8), block>>>(h, w, oh, ow, dev_src, dev_dst);
    cudaDeviceSynchronize();

    cudaMemcpy(dst, dev_dst, dst_bytes, cudaMemcpyDeviceToHost);
    cudaFree(dev_src);
    cudaFree(dev_dst);
}
