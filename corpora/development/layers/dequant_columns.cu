__global__ void dequant_columns(const signed char *q, const float *scale, const int *zero, float *out, int rows, int cols)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    int j = blockIdx.y * blockDim.y + threadIdx.y;
    if (i < rows && j < cols)
        out[i * cols + j] = scale[j] * (float)(q[i * cols + j] - zero[j]);
}
