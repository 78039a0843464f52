// Sobel gradient magnitude of a float image; the one-pixel frame is zero.
void sobel(int height, int width, const float *img, float *mag)
{
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
            float m = 0.0f;
            if (x > 0 && y > 0 && x + 1 < width && y + 1 < height) {
                const float *a = img + (y - 1) * width + x;
                const float *b = img + y * width + x;
                const float *c = img + (y + 1) * width + x;
                float gx = a[1] - a[-1] + 2.0f * (b[1] - b[-1]) + c[1] - c[-1];
                float gy = c[-1] + 2.0f * c[0] + c[1] - a[-1] - 2.0f * a[0] - a[1];
                m = sqrtf(gx * gx + gy * gy);
            }
            mag[y * width + x] = m;
        }
    }
}
