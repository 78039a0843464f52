void channel_moments(float *x, int batch, int channels, int spatial, float *mean, float *var)
{
    int b, c, s;
    for (c = 0; c < channels; ++c) {
        double sum = 0, sumsq = 0;
        for (b = 0; b < batch; ++b) {
            float *p = x + (b * channels + c) * spatial;
            for (s = 0; s < spatial; ++s) {
                sum += p[s];
                sumsq += (double)p[s] * p[s];
            }
        }
        int count = batch * spatial;
        mean[c] = (float)(sum / count);
        var[c] = (float)(sumsq / count - (sum / count) * (sum / count));
    }
}
