__global__ void option_prices(const float *S, const float *K, const float *T, float *call, int n, float r, float vol)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) {
        float sq = vol * sqrtf(T[i]);
        float d1 = (logf(S[i] / K[i]) + (r + 0.5f * vol * vol) * T[i]) / sq;
        float d2 = d1 - sq;
        float n1 = 0.5f * erfcf(-d1 * 0.70710678f);
        float n2 = 0.5f * erfcf(-d2 * 0.70710678f);
        call[i] = S[i] * n1 - K[i] * expf(-r * T[i]) * n2;
    }
}
