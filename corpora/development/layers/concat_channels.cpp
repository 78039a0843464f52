void concat_channels(const float *a, const float *b, float *out, int batch, int ca, int cb, int hw)
{
    for (int n = 0; n < batch; n++) {
        float *dst = out + n * (ca + cb) * hw;
        for (int i = 0; i < ca * hw; i++) dst[i] = a[n * ca * hw + i];
        dst += ca * hw;
        for (int i = 0; i < cb * hw; i++) dst[i] = b[n * cb * hw + i];
    }
}
