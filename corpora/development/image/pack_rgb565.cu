__global__ void pack_rgb565(const unsigned char *rgb, unsigned short *out, int pixels)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < pixels) {
        unsigned r = rgb[3 * i] >> 3;
        unsigned g = rgb[3 * i + 1] >> 2;
        unsigned b = rgb[3 * i + 2] >> 3;
        out[i] = (unsigned short)((r << 11) | (g << 5) | b);
    }
}
