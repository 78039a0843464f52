__global__ void embedding_bag_sum(const float *table, const int *ids, const int *offsets, float *out, int bags, int dim)
{
    int d = blockIdx.x * blockDim.x + threadIdx.x;
    int b = blockIdx.y * blockDim.y + threadIdx.y;
    if (b >= bags || d >= dim) return;
    float acc = 0;
    for (int k = offsets[b]; k < offsets[b + 1]; k++)
        acc += table[ids[k] * dim + d];
    out[b * dim + d] = acc;
}
