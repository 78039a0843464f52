// Running totals: out[i] = in[0] + ... + in[i].
void inclusive_scan(int n, const int *in, long *out)
{
    long sum = 0;
    for (int i = 0; i < n; i++) {
        sum += in[i];
        out[i] = sum;
    }
}
