__global__ void gather_clamped(const double *src, const int *map, double *dst, int n, int limit)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) {
        int m = map[i];
        if (m < 0) m = 0;
        if (m > limit - 1) m = limit - 1;
        dst[i] = src[m];
    }
}
