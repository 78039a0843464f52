void vignette_falloff(float *im, int w, int h, float strength)
{
    float cx = 0.5f * (w - 1), cy = 0.5f * (h - 1);
    for (int j = 0; j < h; j++)
        for (int i = 0; i < w; i++) {
            float dx = i - cx;
            float dy = j - cy;
            im[j * w + i] /= 1.0f + strength * (dx * dx + dy * dy);
        }
}
