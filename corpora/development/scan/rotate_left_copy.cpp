void rotate_left_copy(const short *src, short *dst, int n, int by)
{
    if (n <= 0) return;
    by %= n;
    if (by < 0) by += n;
    for (int i = 0; i < n; i++)
        dst[i] = src[(i + by) % n];
}
