void inverse_cdf(const float *cdf, int bins, const float *u, int *pick, int n)
{
    for (int i = 0; i < n; i++) {
        int b = 0;
        while (b < bins - 1 && cdf[b] < u[i])
            b++;
        pick[i] = b;
    }
}
