// out[i] = x[idx[i]] over the largest |x| (over 1 when all are 0); an index outside [0, m) gives 0.
void gather_normalised(int n, int m, const int *idx, const float *x, float *out)
{
    float peak = 0.0f;
    for (int j = 0; j < m; j++)
        if (fabsf(x[j]) > peak)
            peak = fabsf(x[j]);
    if (peak == 0.0f)
        peak = 1.0f;
    for (int i = 0; i < n; i++)
        out[i] = idx[i] >= 0 && idx[i] < m ? x[idx[i]] / peak : 0.0f;
}
