void stereo_to_mono(const short *stereo, short *mono, long frames)
{
    const short *p = stereo;
    for (long f = 0; f < frames; f++, p += 2)
        mono[f] = (short)(((int)p[0] + (int)p[1]) / 2);
}
