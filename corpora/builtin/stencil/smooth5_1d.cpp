// Five-point weighted smoothing of a line; indices beyond the ends are clamped.
void smooth5_1d(int n, const float *in, float *out)
{
    const float w[5] = {0.0625f, 0.25f, 0.375f, 0.25f, 0.0625f};
    for (int i = 0; i < n; ++i) {
        float acc = 0.0f;
        for (int k = -2; k <= 2; ++k) {
            int j = i + k;
            if (j < 0) j = 0;
            if (j > n - 1) j = n - 1;
            acc += w[k + 2] * in[j];
        }
        out[i] = acc;
    }
}
