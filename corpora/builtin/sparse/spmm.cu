// C := A B, A is CSR with m rows, B has k columns and C is m x k, dense row-major.
// row_ptr ascends from 0, col[e] >= 0 is a row of B. Block rows along y, columns of B along x.
__global__ void spmm_kernel(int m, int k, const int *row_ptr, const int *col, const double *val, const double *B, double *C)
{
    int j = blockIdx.x * blockDim.x + threadIdx.x;
    int i = blockIdx.y * blockDim.y + threadIdx.y;
    if (i < m && j < k) {
        double sum = 0.0;
        for (int e = row_ptr[i]; e < row_ptr[i + 1]; ++e)
            sum += val[e] * B[col[e] * k + j];
        C[i * k + j] = sum;
    }
}

void spmm(int m, int k, const int *row_ptr, const int *col, const double *val, const double *B, double *C)
{
    // How much of the arrays is used follows from the pattern.
    int nnz = 0, n = 0;
    for (int i = 0; i < m; i++)
        for (int e = row_ptr[i]; e < row_ptr[i + 1]; e++) {
            nnz = e + 1 > nnz ? e + 1 : nnz;
            n = col[e] + 1 > n ? col[e] + 1 : n;
        }
    int *dp, *dc;
    double *dv, *dB, *dC;
    cudaMalloc((void **)&dp, sizeof(int) * (m + 1));
    cudaMalloc((void **)&dc, sizeof(int) * nnz);
    cudaMalloc((void **)&dv, sizeof(double) * nnz);
    cudaMalloc((void **)&dB, sizeof(double) * n * k);
    cudaMalloc((void **)&dC, sizeof(double) * m * k);
    cudaMemcpy(dp, row_ptr, sizeof(int) * (m + 1), cudaMemcpyHostToDevice);
    cudaMemcpy(dc, col, sizeof(int) * nnz, cudaMemcpyHostToDevice);
    cudaMemcpy(dv, val, sizeof(double) * nnz, cudaMemcpyHostToDevice);
    cudaMemcpy(dB, B, sizeof(double) * n * k, cudaMemcpyHostToDevice);
    dim3 block(32, 4);
    dim3 grid((k + block.x - 1) / block.x, (m + block.y - 1) / block.y);
    spmm_kernel<<<grid, block>>>(m, k, dp, dc, dv, dB, dC);
    cudaMemcpy(C, dC, sizeof(double) * m * k, cudaMemcpyDeviceToHost);
    cudaFree(dp);
    cudaFree(dc);
    cudaFree(dv);
    cudaFree(dB);
    cudaFree(dC);
}
