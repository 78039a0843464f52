void code_points(const char *bits, int groups, unsigned char *out)
{
    for (int g = 0; g < groups; g++) {
        int v = 0;
        const char *p = bits + 8 * g;
        for (int k = 0; k < 8; k++)
            v = 2 * v + (p[k] == '1' ? 1 : 0);
        out[g] = (unsigned char)v;
    }
}
