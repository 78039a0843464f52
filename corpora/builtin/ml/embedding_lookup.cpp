// Row ids[t] of a vocab x dim table for each token; an id outside [0, vocab) gives a zero row.
void embedding_lookup(int tokens, int vocab, int dim, const int *ids, const float *table, float *out)
{
    for (int t = 0; t < tokens; t++) {
        const int id = ids[t];
        const bool known = id >= 0 && id < vocab;
        for (int d = 0; d < dim; d++)
            out[t * dim + d] = known ? table[id * dim + d] : 0.0f;
    }
}
