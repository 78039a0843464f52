__global__ void softplus_capped(double *a, int len, double cap)
{
    int i = blockDim.x * blockIdx.x + threadIdx.x;
    if (i >= len || a[i] > cap) return;
    a[i] = log(1.0 + exp(a[i]));
}
