// Running totals: out[i] = in[0] + ... + in[i]. Chunks are summed on the device, their starting totals on the host between.
void inclusive_scan(int n, const int *in, long *out)
{
    const int chunks = 16;
    long start[16];
    #pragma omp target data map(to: in[0:n]) map(from: out[0:n]) map(alloc: start)
    {
        #pragma omp target teams distribute parallel for
        for (int c = 0; c < chunks; c++) {
            long sum = 0;
            for (long i = (long)n * c / chunks; i < (long)n * (c + 1) / chunks; i++)
                sum += in[i];
            start[c] = sum;
        }
        #pragma omp target update from(start)
        long before = 0;
        for (int c = 0; c < chunks; c++) {
            long sum = start[c];
            start[c] = before;
            before += sum;
        }
        #pragma omp target update to(start)
        #pragma omp target teams distribute parallel for
        for (int c = 0; c < chunks; c++) {
            long sum = start[c];
            for (long i = (long)n * c / chunks; i < (long)n * (c + 1) / chunks; i++) {
                sum += in[i];
                out[i] = sum;
            }
        }
    }
}
