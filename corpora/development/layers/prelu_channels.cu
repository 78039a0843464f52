__global__ void prelu_channels(float *t, const float *alpha, int num, int ch, int inner)
{
    int idx = blockIdx.x * blockDim.x + threadIdx.x;
    if (idx < num * ch * inner) {
        int c = (idx / inner) % ch;
        t[idx] = t[idx] > 0 ? t[idx] : alpha[c] * t[idx];
    }
}
