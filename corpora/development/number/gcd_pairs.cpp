void gcd_pairs(const unsigned int *a, const unsigned int *b, unsigned int *g, int n)
{
    for (int i = 0; i < n; i++) {
        unsigned int x = a[i], y = b[i];
        while (y) {
            unsigned int t = x % y;
            x = y;
            y = t;
        }
        g[i] = x;
    }
}
