// 256-bin histogram of a byte image; bins[256] is overwritten.
void image_histogram(int n, const unsigned char *pixels, int *bins)
{
    for (int b = 0; b < 256; b++)
        bins[b] = 0;
    for (int i = 0; i < n; i++)
        bins[pixels[i]]++;
}
