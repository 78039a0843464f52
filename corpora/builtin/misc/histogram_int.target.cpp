// Histogram of integers over [lo, lo + bins * width); values outside are not counted; bins, width >= 1.
void histogram_int(int n, int lo, int width, int bins, const int *x, int *hist)
{
    for (int b = 0; b < bins; b++)
        hist[b] = 0;
    #pragma omp target teams distribute parallel for map(to: x[0:n]) map(tofrom: hist[0:bins])
    for (int i = 0; i < n; i++) {
        long offset = (long)x[i] - lo;
        if (offset < 0 || offset / width >= bins)
            continue;
        #pragma omp atomic
        hist[offset / width]++;
    }
}
