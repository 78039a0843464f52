void lower_bounds(const float *edges, int m, const float *x, int *bin, int n)
{
    for (int i = 0; i < n; i++) {
        int lo = 0, hi = m;
        while (lo < hi) {
            int mid = (lo + hi) / 2;
            if (edges[mid] < x[i])
                lo = mid + 1;
            else
                hi = mid;
        }
        bin[i] = lo;
    }
}
