// Inverted dropout with a given mask: kept values are divided by 1 - p, others become zero; p in [0, 1).
void dropout_apply(int n, float p, const unsigned char *mask, const float *x, float *y)
{
    const float scale = 1.0f / (1.0f - p);
    #pragma omp parallel for
    for (int i = 0; i < n; i++)
        y[i] = mask[i] ? x[i] * scale : 0.0f;
}
