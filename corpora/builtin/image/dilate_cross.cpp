// Grey-level dilation with the plus-shaped window of five pixels, cut at the border.
void dilate_cross(int h, int w, const unsigned char *src, unsigned char *dst)
{
    const int off_y[4] = {-1, 1, 0, 0};
    const int off_x[4] = {0, 0, -1, 1};
    for (int y = 0; y < h; ++y)
        for (int x = 0; x < w; ++x) {
            unsigned char best = src[y * w + x];
            for (int k = 0; k < 4; ++k) {
                int py = y + off_y[k], px = x + off_x[k];
                if (py >= 0 && py < h && px >= 0 && px < w && src[py * w + px] > best)
                    best = src[py * w + px];
            }
            dst[y * w + x] = best;
        }
}
