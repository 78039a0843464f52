// One compare-exchange step of a bitonic network, out of place: partner i ^ j, direction by bit k of i; j, k >= 0.
void bitonic_step(int n, int j, int k, const float *in, float *out)
{
    #pragma omp parallel for schedule(static)
    for (int i = 0; i < n; ++i) {
        int partner = i ^ j;
        out[i] = in[i];
        if (partner < 0 || partner >= n)
            continue;
        int low = i < partner ? i : partner;
        int high = i < partner ? partner : i;
        bool ascending = (low & k) == 0;
        bool exchange = ascending ? in[low] > in[high] : in[low] < in[high];
        if (exchange)
            out[i] = in[partner];
    }
}
