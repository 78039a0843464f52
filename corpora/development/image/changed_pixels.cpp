int changed_pixels(const unsigned char *a, const unsigned char *b, unsigned char *mask, int n, int tolerance)
{
    int changed = 0;
    for (int i = 0; i < n; i++) {
        int d = (int)a[i] - (int)b[i];
        if (d < 0) d = -d;
        mask[i] = d > tolerance ? 255 : 0;
        if (d > tolerance) changed++;
    }
    return changed;
}
