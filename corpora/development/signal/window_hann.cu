__global__ void window_hann(float *frame, int len)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (len < 2 || i >= len) return;
    frame[i] *= 0.5f - 0.5f * cosf(6.2831853f * i / (len - 1));
}
