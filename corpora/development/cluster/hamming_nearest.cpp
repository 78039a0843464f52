int hamming_nearest(const unsigned int *codes, int n, unsigned int query)
{
    int best = -1, best_bits = 33;
    for (int i = 0; i < n; i++) {
        unsigned int diff = codes[i] ^ query;
        int bits = 0;
        while (diff) {
            diff &= diff - 1;
            bits++;
        }
        if (bits < best_bits) {
            best_bits = bits;
            best = i;
        }
    }
    return best;
}
