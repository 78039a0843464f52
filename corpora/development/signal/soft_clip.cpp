void soft_clip(float *s, int n, float drive)
{
    for (int i = 0; i < n; i++) {
        float v = s[i] * drive;
        if (v > 1.f) v = 2.f / 3.f;
        else if (v < -1.f) v = -2.f / 3.f;
        else v = v - v * v * v / 3.f;
        s[i] = v;
    }
}
