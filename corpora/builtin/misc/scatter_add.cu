// table[idx[i]] += value[i] for every idx[i] inside [0, m); others are skipped.
__global__ void scatter(int n, int m, const int *idx, const double *value, double *table)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) {
        int target = idx[i];
        if (target >= 0 && target < m)
            atomicAdd(table + target, value[i]);
    }
}

void scatter_add(int n, int m, const int *idx, const double *value, double *table)
{
    int *d_idx;
    cudaMalloc((void **)&d_idx, sizeof(int) * n);
    cudaMemcpy(d_idx, idx, sizeof(int) * n, cudaMemcpyHostToDevice);
    double *d_value;
    cudaMalloc((void **)&d_value, sizeof(double) * n);
    cudaMemcpy(d_value, value, sizeof(double) * n, cudaMemcpyHostToDevice);
    double *d_table;
    cudaMalloc((void **)&d_table, sizeof(double) * m);
    cudaMemcpy(d_table, table, sizeof(double) * m, cudaMemcpyHostToDevice);

    scatter<<<(n + 255) / 256, 256>>>(n, m, d_idx, d_value, d_table);

    cudaMemcpy(table, d_table, sizeof(double) * m, cudaMemcpyDeviceToHost);
    cudaFree(d_idx);
    cudaFree(d_value);
    cudaFree(d_table);
}
