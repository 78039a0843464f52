void box_rows(const unsigned char *src, unsigned char *dst, int width, int height, int radius)
{
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            int sum = 0, cnt = 0;
            for (int d = -radius; d <= radius; d++) {
                int xx = x + d;
                if (xx < 0 || xx >= width) continue;
                sum += src[y * width + xx];
                cnt++;
            }
            dst[y * width + x] = sum / cnt;
        }
    }
}
