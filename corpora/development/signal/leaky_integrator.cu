__global__ void leaky_integrator(double *s, int channels, int n, double a)
{
    int c = blockIdx.x * blockDim.x + threadIdx.x;
    if (c < channels)
        for (int t = 1; t < n; t++)
            s[t * channels + c] = a * s[(t - 1) * channels + c] + (1 - a) * s[t * channels + c];
}
