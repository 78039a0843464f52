// out[i] = scale * x[idx[i]]; idx[i] in [0, m).
void gather_scaled(int n, int m, float scale, const int *idx, const float *x, float *out)
{
    (void)m;
    #pragma omp parallel for
    for (int i = 0; i < n; i++)
        out[i] = scale * x[idx[i]];
}
