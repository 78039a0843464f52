void gather_clamped(const double *src, const int *map, double *dst, int n, int limit)
{
    for (int i = 0; i < n; i++) {
        int m = map[i];
        if (m < 0) m = 0;
        if (m > limit - 1) m = limit - 1;
        dst[i] = src[m];
    }
}
