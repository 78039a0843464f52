__global__ void lag_products(const float *sig, float *r, int n, int lags)
{
    int l = blockIdx.x * blockDim.x + threadIdx.x;
    if (l < lags) {
        float acc = 0.0f;
        for (int i = 0; i + l < n; i++) acc += sig[i] * sig[i + l];
        r[l] = acc;
    }
}
