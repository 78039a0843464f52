void leaky_integrator(double *s, int channels, int n, double a)
{
    for (int c = 0; c < channels; c++)
        for (int t = 1; t < n; t++)
            s[t * channels + c] = a * s[(t - 1) * channels + c] + (1 - a) * s[t * channels + c];
}
