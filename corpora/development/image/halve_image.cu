__global__ void halve_image(const float *in, float *out, int ow, int oh)
{
    int x = blockIdx.x * blockDim.x + threadIdx.x;
    int y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x < ow && y < oh)
    {
        int iw = 2 * ow;
        const float *p = &in[2 * y * iw + 2 * x];
        out[y * ow + x] = 0.25f * (p[0] + p[1] + p[iw] + p[iw + 1]);
    }
}
