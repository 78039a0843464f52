__global__ void permute_axes(const float *in, float *out, int a, int b, int c)
{
    int k = blockIdx.x * blockDim.x + threadIdx.x;
    int j = blockIdx.y * blockDim.y + threadIdx.y;
    int i = blockIdx.z * blockDim.z + threadIdx.z;
    if (i < a && j < b && k < c)
        out[(k * a + i) * b + j] = in[(i * b + j) * c + k];
}
