void im2row(const float *im, int height, int width, int ksize, int pad, float *rows)
{
    int out_h = height + 2 * pad - ksize + 1;
    int out_w = width + 2 * pad - ksize + 1;
    int r = 0;
    for (int y = 0; y < out_h; y++) {
        for (int x = 0; x < out_w; x++) {
            for (int ky = 0; ky < ksize; ky++) {
                for (int kx = 0; kx < ksize; kx++) {
                    int iy = y + ky - pad, ix = x + kx - pad;
                    float v = 0;
                    if (iy >= 0 && iy < height && ix >= 0 && ix < width)
                        v = im[iy * width + ix];
                    rows[r++] = v;
                }
            }
        }
    }
}
