int expand_runs(const unsigned char *value, const unsigned char *repeat, int runs, unsigned char *out, int capacity)
{
    int at = 0;
    for (int r = 0; r < runs; r++) {
        for (int k = 0; k < repeat[r]; k++) {
            if (at >= capacity) return at;
            out[at++] = value[r];
        }
    }
    return at;
}
