// dst := src.
void vcopy(long n, const float *src, float *dst)
{
    const float *end = src + n;
    while (src != end)
        *dst++ = *src++;
}
