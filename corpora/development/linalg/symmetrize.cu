__global__ void symmetrize(double *m, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    int j = blockIdx.y * blockDim.y + threadIdx.y;
    if (i < n && j < n && i < j)
    {
        double avg = 0.5 * (m[i * n + j] + m[j * n + i]);
        m[i * n + j] = avg;
        m[j * n + i] = avg;
    }
}
