// Histogram equalisation of a byte image; an image of one value is copied.
void equalize(int n, const unsigned char *src, unsigned char *dst)
{
    int cdf[256];
    for (int v = 0; v < 256; v++) cdf[v] = 0;
    for (int i = 0; i < n; i++) cdf[src[i]]++;
    int lowest = 0;
    for (int v = 0; v < 256; v++) {
        if (v > 0) cdf[v] += cdf[v - 1];
        if (lowest == 0) lowest = cdf[v];
    }
    for (int i = 0; i < n; i++) {
        if (lowest == n)
            dst[i] = src[i];
        else
            dst[i] = (unsigned char)((long)(cdf[src[i]] - lowest) * 255 / (n - lowest));
    }
}
