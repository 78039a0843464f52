void difference_encode(const unsigned short *in, short *out, int n)
{
    unsigned short prev = 0;
    for (int i = 0; i < n; i++) {
        out[i] = (short)(in[i] - prev);
        prev = in[i];
    }
}
