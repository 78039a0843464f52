__global__ void pitched_transpose(unsigned int *dst, size_t dst_pitch, const unsigned int *src, size_t src_pitch, size_t rows, size_t cols)
{
    size_t c = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    size_t r = (size_t)blockIdx.y * blockDim.y + threadIdx.y;
    if (r < rows && c < cols)
        dst[c * dst_pitch + r] = src[r * src_pitch + c];
}
