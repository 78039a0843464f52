// y := A x for a CSR matrix with m rows; row_ptr has m + 1 elements and ascends from 0, col[k] >= 0 indexes x.
__global__ void spmv_kernel(int m, const int *row_ptr, const int *col, const double *val, const double *x, double *y)
{
    int row = blockIdx.x * blockDim.x + threadIdx.x;
    if (row < m) {
        double sum = 0.0;
        int end = row_ptr[row + 1];
        for (int k = row_ptr[row]; k < end; k++)
            sum += val[k] * x[col[k]];
        y[row] = sum;
    }
}

void spmv(int m, const int *row_ptr, const int *col, const double *val, const double *x, double *y)
{
    // How much of the arrays is used follows from the pattern.
    int nnz = 0, n = 0;
    for (int i = 0; i < m; i++)
        for (int k = row_ptr[i]; k < row_ptr[i + 1]; k++) {
            nnz = k + 1 > nnz ? k + 1 : nnz;
            n = col[k] + 1 > n ? col[k] + 1 : n;
        }
    int *d_ptr, *d_col;
    double *d_val, *d_x, *d_y;
    cudaMalloc((void **)&d_ptr, (m + 1) * sizeof(int));
    cudaMalloc((void **)&d_col, nnz * sizeof(int));
    cudaMalloc((void **)&d_val, nnz * sizeof(double));
    cudaMalloc((void **)&d_x, n * sizeof(double));
    cudaMalloc((void **)&d_y, m * sizeof(double));
    cudaMemcpy(d_ptr, row_ptr, (m + 1) * sizeof(int), cudaMemcpyHostToDevice);
    cudaMemcpy(d_col, col, nnz * sizeof(int), cudaMemcpyHostToDevice);
    cudaMemcpy(d_val, val, nnz * sizeof(double), cudaMemcpyHostToDevice);
    cudaMemcpy(d_x, x, n * sizeof(double), cudaMemcpyHostToDevice);
    spmv_kernel<<<(m + 127) / 128, 128>>>(m, d_ptr, d_col, d_val, d_x, d_y);
    cudaMemcpy(y, d_y, m * sizeof(double), cudaMemcpyDeviceToHost);
    cudaFree(d_ptr);
    cudaFree(d_col);
    cudaFree(d_val);
    cudaFree(d_x);
    cudaFree(d_y);
}
