__global__ void fir_filter(const float *x, const float *taps, float *y, int n, int order)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    float acc = 0.f;
    int k = 0;
    while (k <= order && k <= i) {
        acc += taps[k] * x[i - k];
        k++;
    }
    y[i] = acc;
}
