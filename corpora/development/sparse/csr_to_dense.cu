__global__ void csr_to_dense(const int *ptr, const int *col, const double *val, double *dense, int rows, int cols)
{
    int r = blockIdx.x * blockDim.x + threadIdx.x;
    if (r >= rows) return;
    for (int c = 0; c < cols; c++) dense[r * cols + c] = 0.0;
    for (int e = ptr[r]; e < ptr[r + 1]; e++)
        if (col[e] >= 0 && col[e] < cols)
            dense[r * cols + col[e]] += val[e];
}
