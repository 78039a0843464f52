void overlap_add(const float *frames, int nframes, int frame_len, int hop, float *signal)
{
    for (int t = 0; t < (nframes - 1) * hop + frame_len; t++)
        signal[t] = 0.0f;
    for (int f = 0; f < nframes; f++) {
        const float *src = frames + f * frame_len;
        float *dst = signal + f * hop;
        for (int k = 0; k < frame_len; k++)
            dst[k] += src[k];
    }
}
