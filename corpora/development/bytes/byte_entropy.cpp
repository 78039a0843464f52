float byte_entropy(const int *hist, int bins)
{
    int total = 0;
    float h = 0;
    for (int i = 0; i < bins; i++)
        total += hist[i];
    if (total <= 0) return 0;
    for (int i = 0; i < bins; i++) {
        if (hist[i] <= 0) continue;
        float p = (float)hist[i] / total;
        h -= p * log2f(p);
    }
    return h;
}
