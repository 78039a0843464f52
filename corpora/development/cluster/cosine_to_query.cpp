void cosine_to_query(const float *base, const float *query, float *sim, int count, int dim)
{
    float qn = 0;
    for (int d = 0; d < dim; d++) qn += query[d] * query[d];
    for (int i = 0; i < count; i++) {
        float dot = 0, bn = 0;
        for (int d = 0; d < dim; d++) {
            dot += base[i * dim + d] * query[d];
            bn += base[i * dim + d] * base[i * dim + d];
        }
        float denom = sqrtf(bn) * sqrtf(qn);
        sim[i] = denom > 0 ? dot / denom : 0;
    }
}
