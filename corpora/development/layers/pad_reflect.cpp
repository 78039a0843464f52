void pad_reflect(const float *src, int n, int pad, float *dst)
{
    for (int i = 0; i < n + 2 * pad; i++) {
        int j = i - pad;
        if (j < 0)
            j = -j;
        if (j >= n)
            j = 2 * (n - 1) - j;
        if (j >= 0 && j < n)
            dst[i] = src[j];
    }
}
