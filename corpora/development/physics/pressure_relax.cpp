void pressure_relax(const float *p, const float *div, const unsigned char *solid, float *out, int w, int h)
{
    for (int y = 1; y < h - 1; y++)
        for (int x = 1; x < w - 1; x++) {
            int c = y * w + x;
            if (solid[c]) {
                out[c] = 0.0f;
                continue;
            }
            float l = solid[c - 1] ? p[c] : p[c - 1];
            float r = solid[c + 1] ? p[c] : p[c + 1];
            float b = solid[c - w] ? p[c] : p[c - w];
            float t = solid[c + w] ? p[c] : p[c + w];
            out[c] = (l + r + b + t - div[c]) * 0.25f;
        }
}
