__global__ void unit_rows(float **m, int rows, int cols)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= rows) return;
    float len = 0;
    for (int j = 0; j < cols; j++)
        len += m[i][j] * m[i][j];
    len = sqrtf(len);
    if (len == 0) return;
    for (int j = 0; j < cols; j++)
        m[i][j] /= len;
}
