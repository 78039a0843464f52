void maxpool1d_index(const float *src, int length, int window, float *dst, int *where)
{
    int outputs = length / window;
    for (int o = 0; o < outputs; o++) {
        int best = o * window;
        for (int k = 1; k < window; k++) {
            int at = o * window + k;
            if (src[at] > src[best]) best = at;
        }
        dst[o] = src[best];
        where[o] = best;
    }
}
