// Median of the 3 x 3 window of a byte image; coordinates beyond the border are clamped.
__device__ inline void order(unsigned char &a, unsigned char &b)
{
    if (a > b) {
        unsigned char t = a;
        a = b;
        b = t;
    }
}

__global__ void median_kernel(int h, int w, const unsigned char *img, unsigned char *out)
{
    int x = blockIdx.x * blockDim.x + threadIdx.x;
    int y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x >= w || y >= h)
        return;
    unsigned char v[9];
    for (int k = 0; k < 9; k++) {
        int py = min(max(y + k / 3 - 1, 0), h - 1);
        int px = min(max(x + k % 3 - 1, 0), w - 1);
        v[k] = img[py * w + px];
    }
    // Five rounds of selection put the five smallest in front.
    for (int i = 0; i < 5; i++)
        for (int j = i + 1; j < 9; j++)
            order(v[i], v[j]);
    out[y * w + x] = v[4];
}

void median3x3(int h, int w, const unsigned char *img, unsigned char *out)
{
    unsigned char *d_img = nullptr;
    cudaMalloc(&d_img, sizeof(unsigned char) * h * w);
    cudaMemcpy(d_img, img, sizeof(unsigned char) * h * w, cudaMemcpyHostToDevice);
    unsigned char *d_out = nullptr;
    cudaMalloc(&d_out, sizeof(unsigned char) * h * w);

    dim3 threads(32, 8);
    dim3 blocks((w + 31) / 32, (h + 7) / 8);
    median_kernel<<<blocks, threads>>>(h, w, d_img, d_out);

    cudaMemcpy(out, d_out, sizeof(unsigned char) * h * w, cudaMemcpyDeviceToHost);
    cudaFree(d_img);
    cudaFree(d_out);
}
