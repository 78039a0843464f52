void halve_image(const float *in, float *out, int ow, int oh)
{
    int iw = 2 * ow;
    for (int y = 0; y < oh; y++)
        for (int x = 0; x < ow; x++)
        {
            const float *p = &in[2 * y * iw + 2 * x];
            out[y * ow + x] = 0.25f * (p[0] + p[1] + p[iw] + p[iw + 1]);
        }
}
