// Row ids[t] of a vocab x dim table for each token; an id outside [0, vocab) gives the mean row, also stored in unknown.
void embedding_lookup(int tokens, int vocab, int dim, const int *ids, const float *table, float *unknown, float *out)
{
    #pragma omp parallel for
    for (int d = 0; d < dim; d++) {
        float sum = 0.0f;
        for (int v = 0; v < vocab; v++)
            sum += table[v * dim + d];
        unknown[d] = sum / vocab;
    }
    #pragma omp parallel for
    for (int t = 0; t < tokens; t++) {
        const bool known = ids[t] >= 0 && ids[t] < vocab;
        for (int d = 0; d < dim; d++)
            out[t * dim + d] = known ? table[ids[t] * dim + d] : unknown[d];
    }
}
