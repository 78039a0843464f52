// Quarter-circle hits of `samples` points per stream, one linear congruential generator per stream; returns the total.
long lcg_monte_carlo(int streams, int samples, int seed, int *hits)
{
    long total = 0;
    for (int s = 0; s < streams; ++s) {
        long long state = ((long long)seed + 7919LL * s) & 0x7fffffffLL;
        int inside = 0;
        for (int k = 0; k < samples; ++k) {
            state = (1103515245LL * state + 12345LL) & 0x7fffffffLL;
            long long x = state >> 16;
            state = (1103515245LL * state + 12345LL) & 0x7fffffffLL;
            long long y = state >> 16;
            if (x * x + y * y < 32768LL * 32768LL)
                ++inside;
        }
        hits[s] = inside;
        total += inside;
    }
    return total;
}
