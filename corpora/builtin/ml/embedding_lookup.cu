// Row ids[t] of a vocab x dim table for each token; an id outside [0, vocab) gives a zero row.
__global__ void lookup(int vocab, int dim, const int *ids, const float *table, float *out)
{
    int id = ids[blockIdx.x];
    bool known = id >= 0 && id < vocab;
    for (int d = threadIdx.x; d < dim; d += blockDim.x)
        out[blockIdx.x * dim + d] = known ? table[id * dim + d] : 0.0f;
}

void embedding_lookup(int tokens, int vocab, int dim, const int *ids, const float *table, float *out)
{
    int *d_ids;
    cudaMalloc((void **)&d_ids, sizeof(int) * tokens);
    cudaMemcpy(d_ids, ids, sizeof(int) * tokens, cudaMemcpyHostToDevice);
    float *d_table;
    cudaMalloc((void **)&d_table, sizeof(float) * vocab * dim);
    cudaMemcpy(d_table, table, sizeof(float) * vocab * dim, cudaMemcpyHostToDevice);
    float *d_out;
    cudaMalloc((void **)&d_out, sizeof(float) * tokens * dim);

    lookup<<<tokens, 64>>>(vocab, dim, d_ids, d_table, d_out);

    cudaMemcpy(out, d_out, sizeof(float) * tokens * dim, cudaMemcpyDeviceToHost);
    cudaFree(d_ids);
    cudaFree(d_table);
    cudaFree(d_out);
}
