void weighted_bins(const float *x, const float *w, int n, float lo, float width, int bins, float *hist)
{
    for (int i = 0; i < n; i++) {
        int b = (int)((x[i] - lo) / width);
        if (x[i] < lo || b >= bins) continue;
        hist[b] += w[i];
    }
}
