void hex_digits(const unsigned char *in, char *out, int n)
{
    for (int i = 0; i < n; i++) {
        int hi = in[i] / 16, lo = in[i] % 16;
        out[2 * i] = hi < 10 ? '0' + hi : 'a' + hi - 10;
        out[2 * i + 1] = lo < 10 ? '0' + lo : 'a' + lo - 10;
    }
}
