// Planar RGB to YUV (BT.601) for n pixels.
__global__ void yuv_kernel(int n, const float *rgb, float *yuv)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) {
        float r = rgb[i], g = rgb[n + i], b = rgb[2 * n + i];
        float luma = 0.299f * r + 0.587f * g + 0.114f * b;
        yuv[i] = luma;
        yuv[n + i] = 0.492f * (b - luma);
        yuv[2 * n + i] = 0.877f * (r - luma);
    }
}

void rgb_to_yuv(int n, const float *r, const float *g, const float *b, float *y, float *u, float *v)
{
    size_t plane = n * sizeof(float);
    float *rgb, *yuv;
    cudaStream_t stream;
    cudaStreamCreate(&stream);
    cudaMalloc(&rgb, 3 * plane);
    cudaMalloc(&yuv, 3 * plane);
    cudaMemcpyAsync(rgb, r, plane, cudaMemcpyHostToDevice, stream);
    cudaMemcpyAsync(rgb + n, g, plane, cudaMemcpyHostToDevice, stream);
    cudaMemcpyAsync(rgb + 2 * n, b, plane, cudaMemcpyHostToDevice, stream);
    yuv_kernel<<<(n + 255) / 256, 256, 0, stream>>>(n, rgb, yuv);
    cudaMemcpyAsync(y, yuv, plane, cudaMemcpyDeviceToHost, stream);
    cudaMemcpyAsync(u, yuv + n, plane, cudaMemcpyDeviceToHost, stream);
    cudaMemcpyAsync(v, yuv + 2 * n, plane, cudaMemcpyDeviceToHost, stream);
    cudaStreamSynchronize(stream);
    cudaFree(rgb);
    cudaFree(yuv);
    cudaStreamDestroy(stream);
}
