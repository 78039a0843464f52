int keep_positive(const float *in, int n, float *out)
{
    int kept = 0;
    for (int i = 0; i < n; i++)
        if (in[i] > 0.0f)
            out[kept++] = in[i];
    return kept;
}
