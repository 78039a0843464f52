void distance_rows(const unsigned char *on, int *dist, int w, int h)
{
    for (int y = 0; y < h; y++) {
        int d = w;
        for (int x = 0; x < w; x++) {
            d = on[y * w + x] ? 0 : d + 1;
            dist[y * w + x] = d;
        }
        d = w;
        for (int x = w - 1; x >= 0; x--) {
            d = on[y * w + x] ? 0 : d + 1;
            if (d < dist[y * w + x])
                dist[y * w + x] = d;
        }
    }
}
