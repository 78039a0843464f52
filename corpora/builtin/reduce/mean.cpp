// Returns the arithmetic mean of integer samples, summed exactly.
double mean(int n, const int *sample)
{
    long total = 0;
    for (int i = 0; i < n; i++)
        total += sample[i];
    return (double)total / n;
}
