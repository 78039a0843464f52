__global__ void swish_backward(float *x, float *dy, float *dx, int n, float beta)
{
    int i = (blockIdx.x + blockIdx.y * gridDim.x) * blockDim.x + threadIdx.x;
    if (i < n)
    {
        float s = 1.f / (1.f + expf(-beta * x[i]));
        dx[i] += dy[i] * (s + beta * x[i] * s * (1.f - s));
    }
}
