void embedding_bag_sum(const float *table, const int *ids, const int *offsets, float *out, int bags, int dim)
{
    for (int b = 0; b < bags; b++) {
        for (int d = 0; d < dim; d++) {
            float acc = 0;
            for (int k = offsets[b]; k < offsets[b + 1]; k++)
                acc += table[ids[k] * dim + d];
            out[b * dim + d] = acc;
        }
    }
}
