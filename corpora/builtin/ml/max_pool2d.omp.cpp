// 2 x 2 maximum pooling, stride 2, of [channels][h][w]; the last window of an odd side is cut.
void max_pool2d(int channels, int h, int w, const float *in, float *out)
{
    int oh = (h + 1) / 2, ow = (w + 1) / 2;
    #pragma omp parallel for collapse(3)
    for (int c = 0; c < channels; c++)
        for (int y = 0; y < oh; y++)
            for (int x = 0; x < ow; x++) {
                const float *plane = in + c * h * w;
                float best = plane[2 * y * w + 2 * x];
                for (int dy = 0; dy < 2; dy++)
                    for (int dx = 0; dx < 2; dx++)
                        if (2 * y + dy < h && 2 * x + dx < w && plane[(2 * y + dy) * w + 2 * x + dx] > best)
                            best = plane[(2 * y + dy) * w + 2 * x + dx];
                out[(c * oh + y) * ow + x] = best;
            }
}
