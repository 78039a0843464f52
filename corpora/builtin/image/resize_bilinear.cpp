// Bilinear resize of a float image (h x w to oh x ow), pixel centres aligned, edges clamped.
void resize_bilinear(int h, int w, int oh, int ow, const float *src, float *dst)
{
    for (int y = 0; y < oh; ++y) {
        float fy = (y + 0.5f) * h / oh - 0.5f;
        if (fy < 0.0f) fy = 0.0f;
        if (fy > h - 1.0f) fy = h - 1.0f;
        int y0 = (int)fy;
        int y1 = y0 + 1 < h ? y0 + 1 : h - 1;
        float ay = fy - y0;
        for (int x = 0; x < ow; ++x) {
            float fx = (x + 0.5f) * w / ow - 0.5f;
            if (fx < 0.0f) fx = 0.0f;
            if (fx > w - 1.0f) fx = w - 1.0f;
            int x0 = (int)fx;
            int x1 = x0 + 1 < w ? x0 + 1 : w - 1;
            float ax = fx - x0;
            float top = (1.0f - ax) * src[y0 * w + x0] + ax * src[y0 * w + x1];
            float bottom = (1.0f - ax) * src[y1 * w + x0] + ax * src[y1 * w + x1];
            dst[y * ow + x] = (1.0f - ay) * top + ay * bottom;
        }
    }
}
