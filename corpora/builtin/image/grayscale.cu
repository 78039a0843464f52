// Luma of interleaved RGB bytes with integer weights 77, 150, 29 over 256.
__global__ void luma(int n, const unsigned char *rgb, unsigned char *gray)
{
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) {
        const unsigned char *p = rgb + 3 * i;
        gray[i] = (unsigned char)((77 * p[0] + 150 * p[1] + 29 * p[2]) >> 8);
    }
}

void grayscale(int n_pixels, const unsigned char *rgb, unsigned char *gray)
{
    unsigned char *d_rgb = nullptr;
    cudaMalloc(&d_rgb, sizeof(unsigned char) * 3 * n_pixels);
    cudaMemcpy(d_rgb, rgb, sizeof(unsigned char) * 3 * n_pixels, cudaMemcpyHostToDevice);
    unsigned char *d_gray = nullptr;
    cudaMalloc(&d_gray, sizeof(unsigned char) * n_pixels);

    int blocks = (n_pixels + 255) / 256;
    luma<<<blocks < 1024 ? blocks : 1024, 256>>>(n_pixels, d_rgb, d_gray);

    cudaMemcpy(gray, d_gray, sizeof(unsigned char) * n_pixels, cudaMemcpyDeviceToHost);
    cudaFree(d_rgb);
    cudaFree(d_gray);
}
