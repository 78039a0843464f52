size_t unique_sorted(int *a, size_t n)
{
    if (n == 0)
        return 0;
    size_t w = 1;
    for (size_t r = 1; r < n; r++) {
        if (a[r] != a[w - 1])
            a[w++] = a[r];
    }
    return w;
}
