void power_mod(const unsigned int *base, const unsigned int *exponent, unsigned int *out, int n, unsigned int mod)
{
    if (mod == 0) return;
    for (int i = 0; i < n; i++) {
        unsigned long long r = 1 % mod, b = base[i] % mod;
        for (unsigned int e = exponent[i]; e > 0; e >>= 1) {
            if (e & 1) r = r * b % mod;
            b = b * b % mod;
        }
        out[i] = (unsigned int)r;
    }
}
