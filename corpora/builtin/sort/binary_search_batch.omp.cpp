// For every query the index of the first table entry that is not smaller (n when none); table ascending.
static int search(const int *table, int n, int key)
{
    int lo = 0, hi = n;
    while (lo < hi) {
        int mid = lo + (hi - lo) / 2;
        if (table[mid] < key)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

void binary_search_batch(int n, int q, const int *table, const int *query, int *pos)
{
    #pragma omp parallel
    #pragma omp single
    #pragma omp taskloop grainsize(4)
    for (int i = 0; i < q; i++)
        pos[i] = search(table, n, query[i]);
}
