// y := (A + sigma I) x for a square matrix of order n kept as ndiag diagonals: data[d*n + i] is A(i, i + offset[d]).
// Places outside the matrix count as x = 0; offset[d] in (-n, n). The offsets are staged in shared memory.
__global__ void spmv_dia_kernel(int n, int ndiag, double sigma, const int *offset, const double *data, const double *x,
                                double *y)
{
    extern __shared__ int shift[];
    for (int d = threadIdx.x; d < ndiag; d += blockDim.x)
        shift[d] = offset[d];
    __syncthreads();
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) {
        double sum = sigma * x[i];
        for (int d = 0; d < ndiag; d++) {
            int j = i + shift[d];
            sum += data[d * n + i] * (j >= 0 && j < n ? x[j] : 0.0);
        }
        y[i] = sum;
    }
}

void spmv_dia(int n, int ndiag, double sigma, const int *offset, const double *data, const double *x, double *y)
{
    if (n < 1)
        return;
    int *d_off;
    double *d_data, *d_x, *d_y;
    cudaMalloc(&d_off, ndiag * sizeof(int));
    cudaMalloc(&d_data, (size_t)ndiag * n * sizeof(double));
    cudaMalloc(&d_x, n * sizeof(double));
    cudaMalloc(&d_y, n * sizeof(double));
    cudaMemcpy(d_off, offset, ndiag * sizeof(int), cudaMemcpyHostToDevice);
    cudaMemcpy(d_data, data, (size_t)ndiag * n * sizeof(double), cudaMemcpyHostToDevice);
    cudaMemcpy(d_x, x, n * sizeof(double), cudaMemcpyHostToDevice);
    spmv_dia_kernel<<<(n + 127) / 128, 128, ndiag * sizeof(int)>>>(n, ndiag, sigma, d_off, d_data, d_x, d_y);
    cudaMemcpy(y, d_y, n * sizeof(double), cudaMemcpyDeviceToHost);
    cudaFree(d_off);
    cudaFree(d_data);
    cudaFree(d_x);
    cudaFree(d_y);
}
