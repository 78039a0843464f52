__global__ void count_ones(const unsigned int *words, unsigned char *ones, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n)
        ones[i] = (unsigned char)__popc(words[i]);
}
