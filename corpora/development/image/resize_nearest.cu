__global__ void resize_nearest(const unsigned char *src, int sw, int sh, unsigned char *dst, int dw, int dh)
{
    int x = blockIdx.x * blockDim.x + threadIdx.x;
    int y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x >= dw || y >= dh) return;
    int sy = y * sh / dh;
    int sx = x * sw / dw;
    dst[y * dw + x] = src[sy * sw + sx];
}
