// Reorder a tensor from [n][c][h][w] to [n][h][w][c].
void nchw_to_nhwc(int n, int c, int h, int w, const float *src, float *dst)
{
    #pragma omp parallel for collapse(4)
    for (int b = 0; b < n; ++b)
        for (int y = 0; y < h; ++y)
            for (int x = 0; x < w; ++x)
                for (int k = 0; k < c; ++k)
                    dst[((b * h + y) * w + x) * c + k] = src[((b * c + k) * h + y) * w + x];
}
