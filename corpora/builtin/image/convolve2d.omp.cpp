// Same-size 2-D correlation with a kh x kw kernel centred at (kh / 2, kw / 2), edges replicated.
static int clamp_index(int i, int n)
{
    if (i < 0)
        return 0;
    return i < n ? i : n - 1;
}

void convolve2d(int h, int w, int kh, int kw, const double *img, const double *kernel, double *out)
{
    #pragma omp parallel for collapse(2) schedule(static)
    for (int y = 0; y < h; y++) {
        for (int x = 0; x < w; x++) {
            double acc = 0.0;
            for (int i = 0; i < kh; i++) {
                for (int j = 0; j < kw; j++) {
                    int sy = clamp_index(y + i - kh / 2, h);
                    int sx = clamp_index(x + j - kw / 2, w);
                    acc += kernel[i * kw + j] * img[sy * w + sx];
                }
            }
            out[y * w + x] = acc;
        }
    }
}
