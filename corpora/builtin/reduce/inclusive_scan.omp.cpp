// Running totals: out[i] = in[0] + ... + in[i]. Chunks are summed in parallel, then written from their starting totals.
void inclusive_scan(int n, const int *in, long *out)
{
    const int chunks = 16;
    long start[16];
    #pragma omp parallel for
    for (int c = 0; c < chunks; c++) {
        long sum = 0;
        for (long i = (long)n * c / chunks; i < (long)n * (c + 1) / chunks; i++)
            sum += in[i];
        start[c] = sum;
    }
    long before = 0;
    for (int c = 0; c < chunks; c++) {
        long sum = start[c];
        start[c] = before;
        before += sum;
    }
    #pragma omp parallel for
    for (int c = 0; c < chunks; c++) {
        long sum = start[c];
        for (long i = (long)n * c / chunks; i < (long)n * (c + 1) / chunks; i++) {
            sum += in[i];
            out[i] = sum;
        }
    }
}
