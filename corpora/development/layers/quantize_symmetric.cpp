void quantize_symmetric(const float *x, signed char *q, float scale, int n)
{
    for (int i = 0; i < n; i++) {
        int r = (int)roundf(x[i] / scale);
        if (r > 127) r = 127;
        if (r < -128) r = -128;
        q[i] = (signed char)r;
    }
}
