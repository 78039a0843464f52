void saturation_channel(const float *r, const float *g, const float *b, float *s, int count)
{
    for (int i = 0; i < count; i++) {
        float mx = r[i], mn = r[i];
        if (g[i] > mx) mx = g[i];
        if (b[i] > mx) mx = b[i];
        if (g[i] < mn) mn = g[i];
        if (b[i] < mn) mn = b[i];
        s[i] = mx > 0.0f ? (mx - mn) / mx : 0.0f;
    }
}
