// y := A x, ELLPACK with `width` slots per row stored slot by slot, so that neighbouring threads read neighbouring words.
// Unused slots hold the value 0 and any column; col >= 0 indexes x.
__global__ void spmv_ell_kernel(int rows, int width, const int *col, const float *val, const float *x, float *y)
{
    int i = blockDim.x * blockIdx.x + threadIdx.x;
    if (i >= rows)
        return;
    float acc = 0.0f;
    for (int s = 0; s < width; s++)
        acc += val[s * rows + i] * x[col[s * rows + i]];
    y[i] = acc;
}

void spmv_ell(int rows, int width, const int *col, const float *val, const float *x, float *y)
{
    int slots = rows * width, cols = 0;
    for (int k = 0; k < slots; k++)
        if (col[k] >= cols)
            cols = col[k] + 1;
    int *d_col;
    float *d_val, *d_x, *d_y;
    cudaMalloc((void **)&d_col, slots * sizeof(int));
    cudaMalloc((void **)&d_val, slots * sizeof(float));
    cudaMalloc((void **)&d_x, cols * sizeof(float));
    cudaMalloc((void **)&d_y, rows * sizeof(float));
    cudaMemcpy(d_col, col, slots * sizeof(int), cudaMemcpyHostToDevice);
    cudaMemcpy(d_val, val, slots * sizeof(float), cudaMemcpyHostToDevice);
    cudaMemcpy(d_x, x, cols * sizeof(float), cudaMemcpyHostToDevice);
    spmv_ell_kernel<<<(rows + 63) / 64, 64>>>(rows, width, d_col, d_val, d_x, d_y);
    cudaMemcpy(y, d_y, rows * sizeof(float), cudaMemcpyDeviceToHost);
    cudaFree(d_col);
    cudaFree(d_val);
    cudaFree(d_x);
    cudaFree(d_y);
}
