__global__ void apply_lut(unsigned char *pixels, const unsigned char lut[256], int width, int height, int pitch)
{
    int c = blockIdx.x * blockDim.x + threadIdx.x;
    int r = blockIdx.y * blockDim.y + threadIdx.y;
    if (r < height && c < width)
        pixels[r * pitch + c] = lut[pixels[r * pitch + c]];
}
