__global__ void soft_clip(float *s, int n, float drive)
{
    int i = threadIdx.x + blockIdx.x * blockDim.x;
    while (i < n) {
        float v = s[i] * drive;
        if (v > 1.f) v = 2.f / 3.f;
        else if (v < -1.f) v = -2.f / 3.f;
        else v = v - v * v * v / 3.f;
        s[i] = v;
        i += blockDim.x * gridDim.x;
    }
}
