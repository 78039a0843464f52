void reverse_low_bits(const int *in, int *out, int n, int bits)
{
    if (bits < 1 || bits > 30) return;
    for (int i = 0; i < n; i++) {
        int v = in[i], r = 0;
        for (int b = 0; b < bits; b++) {
            r = (r << 1) | (v & 1);
            v >>= 1;
        }
        out[i] = r;
    }
}
