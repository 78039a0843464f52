__global__ void normalize_planes(const unsigned char *hwc, float *chw, int hw, float mean, float stddev)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < hw) {
        for (int c = 0; c < 3; c++)
            chw[c * hw + i] = (hwc[i * 3 + c] / 255.0f - mean) / stddev;
    }
}
