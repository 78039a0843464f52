__global__ void pixel_shuffle(const float *in, float *out, int c, int h, int w, int r)
{
    int x = blockIdx.x * blockDim.x + threadIdx.x;
    int y = blockIdx.y * blockDim.y + threadIdx.y;
    int k = blockIdx.z * blockDim.z + threadIdx.z;
    if (x < w * r && y < h * r && k < c) {
        int sub = (y % r) * r + (x % r);
        out[(k * h * r + y) * w * r + x] = in[((k * r * r + sub) * h + y / r) * w + x / r];
    }
}
