void local_peaks(const float *sig, unsigned char *peak, int n, float floor_level)
{
    for (int i = 0; i < n; i++) peak[i] = 0;
    for (int i = 1; i + 1 < n; i++)
        if (sig[i] > floor_level && sig[i] > sig[i - 1] && sig[i] >= sig[i + 1])
            peak[i] = 1;
}
