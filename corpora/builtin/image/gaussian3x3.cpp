// Binomial 3 x 3 smoothing of a byte image, rounded; pixels beyond the border repeat the edge.
static int at(const unsigned char *img, int h, int w, int y, int x)
{
    y = y < 0 ? 0 : (y >= h ? h - 1 : y);
    x = x < 0 ? 0 : (x >= w ? w - 1 : x);
    return img[y * w + x];
}

void gaussian3x3(int h, int w, const unsigned char *in, unsigned char *out)
{
    for (int y = 0; y < h; ++y)
        for (int x = 0; x < w; ++x) {
            int corners = at(in, h, w, y - 1, x - 1) + at(in, h, w, y - 1, x + 1) + at(in, h, w, y + 1, x - 1) + at(in, h, w, y + 1, x + 1);
            int sides = at(in, h, w, y - 1, x) + at(in, h, w, y + 1, x) + at(in, h, w, y, x - 1) + at(in, h, w, y, x + 1);
            out[y * w + x] = (unsigned char)((corners + 2 * sides + 4 * at(in, h, w, y, x) + 8) / 16);
        }
}
