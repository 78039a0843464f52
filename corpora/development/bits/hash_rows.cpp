void hash_rows(const unsigned char *rows, int n, int width, unsigned int *h)
{
    for (int i = 0; i < n; i++) {
        unsigned int v = 2166136261u;
        for (int j = 0; j < width; j++) {
            v ^= rows[i * width + j];
            v *= 16777619u;
        }
        h[i] = v;
    }
}
