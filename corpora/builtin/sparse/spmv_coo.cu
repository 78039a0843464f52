// y := y + A x for a matrix of nnz triplets; row[k] >= 0 indexes y, col[k] >= 0 indexes x; triplets may repeat. Atomic adds.
__global__ void spmv_coo_kernel(int nnz, const int *row, const int *col, const double *val, const double *x, double *y)
{
    for (int k = blockIdx.x * blockDim.x + threadIdx.x; k < nnz; k += blockDim.x * gridDim.x)
        atomicAdd(&y[row[k]], val[k] * x[col[k]]);
}

static int span(int count, const int *index)
{
    int most = 0;
    for (int k = 0; k < count; ++k)
        most = index[k] + 1 > most ? index[k] + 1 : most;
    return most;
}

void spmv_coo(int nnz, const int *row, const int *col, const double *val, const double *x, double *y)
{
    int m = span(nnz, row), n = span(nnz, col);
    int *dr, *dc;
    double *dv, *dx, *dy;
    cudaMalloc(&dr, nnz * sizeof(int));
    cudaMalloc(&dc, nnz * sizeof(int));
    cudaMalloc(&dv, nnz * sizeof(double));
    cudaMalloc(&dx, n * sizeof(double));
    cudaMalloc(&dy, m * sizeof(double));
    cudaMemcpy(dr, row, nnz * sizeof(int), cudaMemcpyHostToDevice);
    cudaMemcpy(dc, col, nnz * sizeof(int), cudaMemcpyHostToDevice);
    cudaMemcpy(dv, val, nnz * sizeof(double), cudaMemcpyHostToDevice);
    cudaMemcpy(dx, x, n * sizeof(double), cudaMemcpyHostToDevice);
    cudaMemcpy(dy, y, m * sizeof(double), cudaMemcpyHostToDevice);
    spmv_coo_kernel<<<(nnz + 255) / 256, 256>>>(nnz, dr, dc, dv, dx, dy);
    cudaMemcpy(y, dy, m * sizeof(double), cudaMemcpyDeviceToHost);
    cudaFree(dr);
    cudaFree(dc);
    cudaFree(dv);
    cudaFree(dx);
    cudaFree(dy);
}
