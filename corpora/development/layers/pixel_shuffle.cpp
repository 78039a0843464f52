void pixel_shuffle(const float *in, float *out, int c, int h, int w, int r)
{
    for (int k = 0; k < c; k++)
        for (int y = 0; y < h * r; y++)
            for (int x = 0; x < w * r; x++) {
                int sub = (y % r) * r + (x % r);
                out[(k * h * r + y) * w * r + x] = in[((k * r * r + sub) * h + y / r) * w + x / r];
            }
}
