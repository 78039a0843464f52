void stretch_contrast(unsigned char *img, int n)
{
    int lo = 255, hi = 0;
    for (int i = 0; i < n; i++) {
        if (img[i] < lo) lo = img[i];
        if (img[i] > hi) hi = img[i];
    }
    if (hi <= lo) return;
    for (int i = 0; i < n; i++)
        img[i] = (unsigned char)((img[i] - lo) * 255 / (hi - lo));
}
