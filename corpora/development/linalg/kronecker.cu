__global__ void kronecker(const int *a, int ar, int ac, const int *b, int br, int bc, int *out)
{
    int i = blockIdx.y * blockDim.y + threadIdx.y;
    int j = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < ar * br && j < ac * bc)
        out[i * ac * bc + j] = a[(i / br) * ac + j / bc] * b[(i % br) * bc + j % bc];
}
