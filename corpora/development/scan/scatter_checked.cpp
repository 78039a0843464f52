int scatter_checked(const int *src, const int *to, int n, int *dst, int m)
{
    int dropped = 0;
    for (int i = 0; i < n; i++) {
        if (to[i] >= 0 && to[i] < m)
            dst[to[i]] = src[i];
        else
            dropped++;
    }
    return dropped;
}
