void median_of_three(const short *in, short *out, int n)
{
    if (n <= 0) return;
    out[0] = in[0];
    out[n - 1] = in[n - 1];
    for (int i = 1; i < n - 1; i++) {
        short a = in[i - 1], b = in[i], c = in[i + 1];
        short hi = a > b ? a : b;
        short lo = a > b ? b : a;
        if (c > hi) out[i] = hi;
        else if (c < lo) out[i] = lo;
        else out[i] = c;
    }
}
