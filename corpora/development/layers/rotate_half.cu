__global__ void rotate_half(float *v, const float *cosv, const float *sinv, int pairs)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < pairs) {
        float a = v[2 * i];
        float b = v[2 * i + 1];
        v[2 * i]     = a * cosv[i] - b * sinv[i];
        v[2 * i + 1] = a * sinv[i] + b * cosv[i];
    }
}
