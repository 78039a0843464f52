// Same-size 2-D correlation with a kh x kw kernel centred at (kh / 2, kw / 2), edges replicated.
// The filter is staged in dynamic shared memory: kh * kw doubles.
__global__ void correlate(int h, int w, int kh, int kw, const double *img, const double *kernel, double *out)
{
    extern __shared__ double taps[];
    int t = threadIdx.y * blockDim.x + threadIdx.x;
    for (int k = t; k < kh * kw; k += blockDim.x * blockDim.y)
        taps[k] = kernel[k];
    __syncthreads();
    int x = blockIdx.x * blockDim.x + threadIdx.x;
    int y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x >= w || y >= h)
        return;
    double acc = 0.0;
    for (int i = 0; i < kh; i++) {
        int sy = min(max(y + i - kh / 2, 0), h - 1);
        for (int j = 0; j < kw; j++) {
            int sx = min(max(x + j - kw / 2, 0), w - 1);
            acc += taps[i * kw + j] * img[sy * w + sx];
        }
    }
    out[y * w + x] = acc;
}

void convolve2d(int h, int w, int kh, int kw, const double *img, const double *kernel, double *out)
{
    double *img_d = nullptr;
    cudaMalloc(&img_d, sizeof(double) * h * w);
    cudaMemcpy(img_d, img, sizeof(double) * h * w, cudaMemcpyHostToDevice);
    double *kernel_d = nullptr;
    cudaMalloc(&kernel_d, sizeof(double) * kh * kw);
    cudaMemcpy(kernel_d, kernel, sizeof(double) * kh * kw, cudaMemcpyHostToDevice);
    double *out_d = nullptr;
    cudaMalloc(&out_d, sizeof(double) * h * w);

    dim3 block(16, 16);
    dim3 grid((w + 15) / 16, (h + 15) / 16);
    correlate<<<grid, block, sizeof(double) * kh * kw>>>(h, w, kh, kw, img_d, kernel_d, out_d);

    cudaMemcpy(out, out_d, sizeof(double) * h * w, cudaMemcpyDeviceToHost);
    cudaFree(img_d);
    cudaFree(kernel_d);
    cudaFree(out_d);
}
