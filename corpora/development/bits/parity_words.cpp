void parity_words(const unsigned long long *w, bool *odd, int n)
{
    for (int i = 0; i < n; i++) {
        unsigned long long v = w[i];
        bool p = false;
        while (v != 0) {
            p = !p;
            v &= v - 1;
        }
        odd[i] = p;
    }
}
