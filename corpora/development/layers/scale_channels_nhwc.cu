__global__ void scale_channels_nhwc(float *data, const float *gamma, const float *beta, int pixels, int channels)
{
    int c = blockIdx.x * blockDim.x + threadIdx.x;
    int p = blockIdx.y * blockDim.y + threadIdx.y;
    if (p < pixels && c < channels)
        data[p * channels + c] = data[p * channels + c] * gamma[c] + beta[c];
}
