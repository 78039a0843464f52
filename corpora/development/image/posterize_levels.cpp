void posterize_levels(unsigned char *im, size_t n, int levels)
{
    if (levels < 2 || levels > 256)
        return;
    int step = 256 / levels;
    for (size_t i = 0; i < n; i++)
        im[i] = (unsigned char)(im[i] / step * step);
}
