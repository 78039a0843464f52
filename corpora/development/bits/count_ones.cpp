void count_ones(const unsigned int *words, unsigned char *ones, int n)
{
    for (int i = 0; i < n; i++) {
        unsigned int v = words[i];
        v = v - ((v >> 1) & 0x55555555u);
        v = (v & 0x33333333u) + ((v >> 2) & 0x33333333u);
        v = (v + (v >> 4)) & 0x0f0f0f0fu;
        ones[i] = (unsigned char)((v * 0x01010101u) >> 24);
    }
}
