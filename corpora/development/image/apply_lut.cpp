void apply_lut(unsigned char *pixels, const unsigned char lut[256], int width, int height, int pitch)
{
    for (int r = 0; r < height; ++r)
        for (int c = 0; c < width; ++c)
            pixels[r * pitch + c] = lut[pixels[r * pitch + c]];
}
