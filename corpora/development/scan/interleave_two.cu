__global__ void interleave_two(const float *even, const float *odd, float *both, int n)
{
    int tid = blockIdx.x * blockDim.x + threadIdx.x;
    if (tid < n)
    {
        both[2 * tid] = even[tid];
        both[2 * tid + 1] = odd[tid];
    }
}
