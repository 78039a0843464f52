// Returns the arithmetic mean of 8-bit samples.
double mean(int n, const unsigned char *sample)
{
    long total = 0;
    for (int i = 0; i < n; i++)
        total += sample[i];
    return (double)total / n;
}
