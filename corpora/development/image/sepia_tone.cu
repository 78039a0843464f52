__global__ void sepia_tone(unsigned char *img, int w, int h)
{
    int x = blockIdx.x * blockDim.x + threadIdx.x;
    int y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x >= w || y >= h) return;
    unsigned char *p = img + 3 * (y * w + x);
    float r = p[0], g = p[1], b = p[2];
    float nr = 0.393f * r + 0.769f * g + 0.189f * b;
    float ng = 0.349f * r + 0.686f * g + 0.168f * b;
    float nb = 0.272f * r + 0.534f * g + 0.131f * b;
    p[0] = nr > 255.f ? 255 : (unsigned char)nr;
    p[1] = ng > 255.f ? 255 : (unsigned char)ng;
    p[2] = nb > 255.f ? 255 : (unsigned char)nb;
}
