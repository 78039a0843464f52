// For every query the index of the first table entry that is not smaller (n when none); table ascending.
void binary_search_batch(int n, int q, const int *table, const int *query, int *pos)
{
    for (int i = 0; i < q; i++) {
        int lo = 0, hi = n;
        while (lo < hi) {
            int mid = lo + (hi - lo) / 2;
            if (table[mid] < query[i])
                lo = mid + 1;
            else
                hi = mid;
        }
        pos[i] = lo;
    }
}
