void from_gray_code(unsigned short *codes, int n)
{
    for (int i = 0; i < n; ++i) {
        unsigned short g = codes[i];
        g ^= g >> 8;
        g ^= g >> 4;
        g ^= g >> 2;
        g ^= g >> 1;
        codes[i] = g;
    }
}
