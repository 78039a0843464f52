// Binary image: 255 where the pixel is above `level`, else 0; returns how many are above.
int threshold_image(int n, int level, const unsigned char *src, unsigned char *dst)
{
    int above = 0;
    for (int i = 0; i < n; ++i) {
        if (src[i] > level) {
            dst[i] = 255;
            ++above;
        } else {
            dst[i] = 0;
        }
    }
    return above;
}
