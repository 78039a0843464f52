// Summed-area table: out[y][x] is the sum of all pixels in rows <= y and columns <= x.
void integral_image(int h, int w, const unsigned char *img, long *table)
{
    for (int y = 0; y < h; y++) {
        long row = 0;
        for (int x = 0; x < w; x++) {
            row += img[y * w + x];
            table[y * w + x] = row + (y > 0 ? table[(y - 1) * w + x] : 0);
        }
    }
}
