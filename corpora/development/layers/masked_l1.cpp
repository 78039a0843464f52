void masked_l1(const float *a, const float *b, const bool *mask, float *out, int n)
{
    for (int i = 0; i < n; i++) {
        out[i] = 0;
        if (mask[i])
            out[i] = a[i] > b[i] ? a[i] - b[i] : b[i] - a[i];
    }
}
