void digit_sums(const int *v, int *s, int n)
{
    for (int i = 0; i < n; ++i) {
        int x = v[i] < 0 ? -v[i] : v[i];
        s[i] = 0;
        for (; x > 0; x /= 10) s[i] += x % 10;
    }
}
