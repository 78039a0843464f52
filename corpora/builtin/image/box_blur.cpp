// Mean over the (2 r + 1)^2 window cut at the image border; radius r >= 0.
void box_blur(int h, int w, int r, const float *src, float *dst)
{
    for (int y = 0; y < h; y++) {
        int y0 = y - r < 0 ? 0 : y - r;
        int y1 = y + r > h - 1 ? h - 1 : y + r;
        for (int x = 0; x < w; x++) {
            int x0 = x - r < 0 ? 0 : x - r;
            int x1 = x + r > w - 1 ? w - 1 : x + r;
            float sum = 0.0f;
            for (int v = y0; v <= y1; v++)
                for (int u = x0; u <= x1; u++)
                    sum += src[v * w + u];
            dst[y * w + x] = sum / (float)((y1 - y0 + 1) * (x1 - x0 + 1));
        }
    }
}
