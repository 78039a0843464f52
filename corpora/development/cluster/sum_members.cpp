void sum_members(const float *points, const int *member, float *sums, int *sizes, int n, int k, int dims)
{
    int i, c, d;
    for (c = 0; c < k; c++) {
        sizes[c] = 0;
        for (d = 0; d < dims; d++) sums[c * dims + d] = 0;
        for (i = 0; i < n; i++) {
            if (member[i] != c) continue;
            sizes[c]++;
            for (d = 0; d < dims; d++) sums[c * dims + d] += points[i * dims + d];
        }
    }
}
