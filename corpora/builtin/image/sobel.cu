// Sobel gradient magnitude of a float image; the one-pixel frame is zero.
// A block loads an 18 x 18 window (halo of one pixel) and filters its inner 16 x 16.
__global__ void sobel_tile(int height, int width, const float *img, float *mag)
{
    __shared__ float t[18][18];
    int left = blockIdx.x * 16 - 1, top = blockIdx.y * 16 - 1;
    for (int k = threadIdx.y * 16 + threadIdx.x; k < 18 * 18; k += 256) {
        int px = left + k % 18, py = top + k / 18;
        t[k / 18][k % 18] = (px >= 0 && py >= 0 && px < width && py < height) ? img[py * width + px] : 0.0f;
    }
    __syncthreads();
    int x = blockIdx.x * 16 + threadIdx.x, y = blockIdx.y * 16 + threadIdx.y;
    if (x >= width || y >= height)
        return;
    float m = 0.0f;
    if (x > 0 && y > 0 && x + 1 < width && y + 1 < height) {
        int i = threadIdx.x + 1, j = threadIdx.y + 1;
        float gx = t[j - 1][i + 1] - t[j - 1][i - 1] + 2.0f * (t[j][i + 1] - t[j][i - 1]) + t[j + 1][i + 1] - t[j + 1][i - 1];
        float gy = t[j + 1][i - 1] + 2.0f * t[j + 1][i] + t[j + 1][i + 1] - t[j - 1][i - 1] - 2.0f * t[j - 1][i] - t[j - 1][i + 1];
        m = sqrtf(gx * gx + gy * gy);
    }
    mag[y * width + x] = m;
}

void sobel(int height, int width, const float *img, float *mag)
{
    float *img_d = nullptr;
    cudaMalloc(&img_d, sizeof(float) * height * width);
    cudaMemcpy(img_d, img, sizeof(float) * height * width, cudaMemcpyHostToDevice);
    float *mag_d = nullptr;
    cudaMalloc(&mag_d, sizeof(float) * height * width);

    dim3 grid((width + 15) / 16, (height + 15) / 16);
    sobel_tile<<<grid, dim3(16, 16)>>>(height, width, img_d, mag_d);

    cudaMemcpy(mag, mag_d, sizeof(float) * height * width, cudaMemcpyDeviceToHost);
    cudaFree(img_d);
    cudaFree(mag_d);
}
