// table = base with value[i] added at idx[i]; indices outside [0, m) are skipped.
__global__ void scatter(int n, int m, const int *idx, const double *value, double *table)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) {
        int target = idx[i];
        if (target >= 0 && target < m)
            atomicAdd(table + target, value[i]);
    }
}

void scatter_add(int n, int m, const int *idx, const double *value, const double *base, double *table)
{
    int *d_idx;
    double *d_value, *d_table;
    cudaMalloc(&d_idx, n * sizeof(int));
    cudaMalloc(&d_value, n * sizeof(double));
    cudaMalloc(&d_table, m * sizeof(double));
    cudaMemcpy(d_idx, idx, n * sizeof(int), cudaMemcpyHostToDevice);
    cudaMemcpy(d_value, value, n * sizeof(double), cudaMemcpyHostToDevice);
    cudaMemcpy(d_table, base, m * sizeof(double), cudaMemcpyHostToDevice);
    scatter<<<(n + 255) / 256, 256>>>(n, m, d_idx, d_value, d_table);
    cudaMemcpy(table, d_table, m * sizeof(double), cudaMemcpyDeviceToHost);
    cudaFree(d_idx);
    cudaFree(d_value);
    cudaFree(d_table);
}
