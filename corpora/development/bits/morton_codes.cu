__global__ void morton_codes(const unsigned short *x, const unsigned short *y, unsigned int *code, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) {
        unsigned int m = 0;
        for (int b = 0; b < 16; b++) {
            m |= ((unsigned int)(x[i] >> b) & 1u) << (2 * b);
            m |= ((unsigned int)(y[i] >> b) & 1u) << (2 * b + 1);
        }
        code[i] = m;
    }
}
