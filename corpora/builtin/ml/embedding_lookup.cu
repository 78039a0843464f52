// Row ids[t] of a vocab x dim table for each token; an id outside [0, vocab) gives the mean row, also stored in unknown.
__global__ void mean_row(int vocab, int dim, const float *table, float *unknown)
{
    int d = blockIdx.x * blockDim.x + threadIdx.x;
    if (d >= dim)
        return;
    float sum = 0.0f;
    for (int v = 0; v < vocab; v++)
        sum += table[v * dim + d];
    unknown[d] = sum / vocab;
}

__global__ void lookup(int vocab, int dim, const int *ids, const float *table, const float *unknown, float *out)
{
    int id = ids[blockIdx.x];
    const float *row = id >= 0 && id < vocab ? table + id * dim : unknown;
    for (int d = threadIdx.x; d < dim; d += blockDim.x)
        out[blockIdx.x * dim + d] = row[d];
}

void embedding_lookup(int tokens, int vocab, int dim, const int *ids, const float *table, float *unknown, float *out)
{
    int *d_ids;
    cudaMalloc((void **)&d_ids, sizeof(int) * tokens);
    cudaMemcpy(d_ids, ids, sizeof(int) * tokens, cudaMemcpyHostToDevice);
    float *d_table;
    cudaMalloc((void **)&d_table, sizeof(float) * vocab * dim);
    cudaMemcpy(d_table, table, sizeof(float) * vocab * dim, cudaMemcpyHostToDevice);
    float *d_unknown;
    cudaMalloc((void **)&d_unknown, sizeof(float) * dim);
    float *d_out;
    cudaMalloc((void **)&d_out, sizeof(float) * tokens * dim);

    mean_row<<<(dim + 63) / 64, 64>>>(vocab, dim, d_table, d_unknown);
    lookup<<<tokens, 64>>>(vocab, dim, d_ids, d_table, d_unknown, d_out);

    cudaMemcpy(unknown, d_unknown, sizeof(float) * dim, cudaMemcpyDeviceToHost);
    cudaMemcpy(out, d_out, sizeof(float) * tokens * dim, cudaMemcpyDeviceToHost);
    cudaFree(d_ids);
    cudaFree(d_table);
    cudaFree(d_unknown);
    cudaFree(d_out);
}
