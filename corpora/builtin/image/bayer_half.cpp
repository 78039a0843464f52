// Half-size RGB from an RGGB mosaic: one output pixel per 2 x 2 cell, the two greens averaged.
void bayer_half(int rows, int cols, const unsigned char *raw, unsigned char *rgb)
{
    int stride = 2 * cols;
    for (int r = 0; r < rows; ++r)
    {
        for (int c = 0; c < cols; ++c)
        {
            const unsigned char *cell = raw + 2 * r * stride + 2 * c;
            unsigned char *pixel = rgb + 3 * (r * cols + c);
            pixel[0] = cell[0];
            pixel[1] = (unsigned char)((cell[1] + cell[stride]) / 2);
            pixel[2] = cell[stride + 1];
        }
    }
}
