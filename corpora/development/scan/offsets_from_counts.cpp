long offsets_from_counts(const int *counts, long *offsets, int n)
{
    long running = 0;
    for (int i = 0; i < n; i++) {
        offsets[i] = running;
        running += counts[i];
    }
    return running;
}
