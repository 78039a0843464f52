__global__ void maxpool1d_index(const float *src, int length, int window, float *dst, int *where)
{
    int o = blockIdx.x * blockDim.x + threadIdx.x;
    if (o >= length / window) return;
    int best = o * window;
    for (int k = 1; k < window; k++) {
        int at = o * window + k;
        if (src[at] > src[best]) best = at;
    }
    dst[o] = src[best];
    where[o] = best;
}
