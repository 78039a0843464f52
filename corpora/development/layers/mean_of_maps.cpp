void mean_of_maps(const unsigned char *maps, float *mean, int count, int cells)
{
    for (int m = 0; m < count; m++) {
        long total = 0;
        const unsigned char *end = maps + (m + 1) * cells;
        for (const unsigned char *p = maps + m * cells; p != end; p++)
            total += *p;
        mean[m] = cells > 0 ? (float)total / (float)cells : 0.0f;
    }
}
