// Mean of the 3 x 3 neighbourhood for interior points; the frame is copied.
void box9_2d(int h, int w, const float *src, float *dst)
{
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            if (y == 0 || x == 0 || y == h - 1 || x == w - 1) {
                dst[y * w + x] = src[y * w + x];
                continue;
            }
            float s = 0.0f;
            for (int dy = -1; dy <= 1; dy++)
                for (int dx = -1; dx <= 1; dx++)
                    s += src[(y + dy) * w + (x + dx)];
            dst[y * w + x] = s / 9.0f;
        }
}
