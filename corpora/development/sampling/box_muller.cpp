void box_muller(const float *u1, const float *u2, float *z, int pairs, float sigma)
{
    for (int i = 0; i < pairs; i++) {
        float r = sigma * sqrtf(-2.0f * logf(u1[i] + 1e-7f));
        float a = 6.2831853f * u2[i];
        z[2 * i] = r * cosf(a);
        z[2 * i + 1] = r * sinf(a);
    }
}
