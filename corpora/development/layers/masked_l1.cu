__global__ void masked_l1(const float *a, const float *b, const bool *mask, float *out, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) {
        out[i] = 0;
        if (mask[i])
            out[i] = a[i] > b[i] ? a[i] - b[i] : b[i] - a[i];
    }
}
