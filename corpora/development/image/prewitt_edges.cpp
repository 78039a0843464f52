void prewitt_edges(const int *gray, int *edge, int w, int h, int limit)
{
    int x, y;
    for (y = 1; y < h - 1; y++) {
        for (x = 1; x < w - 1; x++) {
            int gx = 0, gy = 0;
            for (int d = -1; d <= 1; d++) {
                gx += gray[(y + d) * w + x + 1] - gray[(y + d) * w + x - 1];
                gy += gray[(y + 1) * w + x + d] - gray[(y - 1) * w + x + d];
            }
            edge[y * w + x] = (abs(gx) + abs(gy) > limit) ? 1 : 0;
        }
    }
}
