// Same-size convolution layer: in [ci][h][w], weight [co][ci][k][k], bias [co], out [co][h][w]; zero padding k / 2.
void conv2d_direct(int ci, int co, int h, int w, int k, const float *in, const float *weight, const float *bias, float *out)
{
    int pad = k / 2;
    #pragma omp parallel for collapse(2) schedule(static)
    for (int o = 0; o < co; o++) {
        for (int y = 0; y < h; y++) {
            for (int x = 0; x < w; x++) {
                float acc = bias[o];
                for (int c = 0; c < ci; c++)
                    for (int i = 0; i < k; i++)
                        for (int j = 0; j < k; j++) {
                            int sy = y + i - pad, sx = x + j - pad;
                            if (sy < 0 || sy >= h || sx < 0 || sx >= w)
                                continue;
                            acc += weight[((o * ci + c) * k + i) * k + j] * in[(c * h + sy) * w + sx];
                        }
                out[(o * h + y) * w + x] = acc;
            }
        }
    }
}
