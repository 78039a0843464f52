// Histogram of the byte number `digit` (taken modulo 4) of every key; counts[256] is overwritten.
void radix_digit_count(int n, int digit, const int *keys, int *counts)
{
    int shift = 8 * (digit & 3);
    for (int d = 0; d < 256; ++d)
        counts[d] = 0;
    #pragma omp parallel for
    for (int i = 0; i < n; ++i) {
        int d = (keys[i] >> shift) & 255;
        #pragma omp atomic
        counts[d]++;
    }
}
