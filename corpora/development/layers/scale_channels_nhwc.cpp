void scale_channels_nhwc(float *data, const float *gamma, const float *beta, int pixels, int channels)
{
    int p, c;
    for (p = 0; p < pixels; p++)
        for (c = 0; c < channels; c++)
            data[p * channels + c] = data[p * channels + c] * gamma[c] + beta[c];
}
