__global__ void leaky_forward(float *x, int n, float slope)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    if (x[i] < 0) x[i] *= slope;
}
