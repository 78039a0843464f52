void window_hann(float *frame, int len)
{
    int i;
    if (len < 2) return;
    for (i = 0; i < len; i++)
        frame[i] *= 0.5f - 0.5f * cosf(6.2831853f * i / (len - 1));
}
