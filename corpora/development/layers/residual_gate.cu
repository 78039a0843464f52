__global__ void residual_gate(float *trunk, const float *branch, const float *gate, int n, int width, bool relu)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n)
    {
        float v = trunk[i] + gate[i / width] * branch[i];
        trunk[i] = (relu && v < 0) ? 0 : v;
    }
}
