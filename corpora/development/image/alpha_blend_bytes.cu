__global__ void alpha_blend_bytes(const unsigned char *fg, const unsigned char *alpha, unsigned char *bg, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    int a = alpha[i];
    for (int c = 0; c < 3; c++)
        bg[3 * i + c] = (unsigned char)((a * fg[3 * i + c] + (255 - a) * bg[3 * i + c] + 127) / 255);
}
