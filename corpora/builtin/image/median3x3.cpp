// Median of the 3 x 3 window of a byte image; coordinates beyond the border are clamped.
static int clamp_to(int v, int top)
{
    return v < 0 ? 0 : (v > top ? top : v);
}

void median3x3(int h, int w, const unsigned char *img, unsigned char *out)
{
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            unsigned char v[9];
            int count = 0;
            for (int k = 0; k < 9; k++) {
                unsigned char p = img[clamp_to(y + k / 3 - 1, h - 1) * w + clamp_to(x + k % 3 - 1, w - 1)];
                int j = count++;
                while (j > 0 && v[j - 1] > p) {
                    v[j] = v[j - 1];
                    j--;
                }
                v[j] = p;
            }
            out[y * w + x] = v[4];
        }
}
