// For every query the index of the first table entry that is not smaller (n when none); table ascending.
__device__ int first_not_below(const int *table, int n, int key)
{
    int lo = 0, hi = n;
    while (lo < hi) {
        int mid = (lo + hi) >> 1;
        if (table[mid] < key)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

__global__ void search_all(int n, int q, const int *table, const int *query, int *pos)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < q)
        pos[i] = first_not_below(table, n, query[i]);
}

void binary_search_batch(int n, int q, const int *table, const int *query, int *pos)
{
    size_t table_bytes = sizeof(int) * n;
    int *gpu_table;
    cudaMalloc((void **)&gpu_table, table_bytes);
    cudaMemcpy(gpu_table, table, table_bytes, cudaMemcpyHostToDevice);
    size_t query_bytes = sizeof(int) * q;
    int *gpu_query;
    cudaMalloc((void **)&gpu_query, query_bytes);
    cudaMemcpy(gpu_query, query, query_bytes, cudaMemcpyHostToDevice);
    size_t pos_bytes = sizeof(int) * q;
    int *gpu_pos;
    cudaMalloc((void **)&gpu_pos, pos_bytes);

    search_all<<<(q + 63) / 64, 64>>>(n, q, gpu_table, gpu_query, gpu_pos);
    cudaDeviceSynchronize();

    cudaMemcpy(pos, gpu_pos, pos_bytes, cudaMemcpyDeviceToHost);
    cudaFree(gpu_table);
    cudaFree(gpu_query);
    cudaFree(gpu_pos);
}
