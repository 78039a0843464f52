void rank_by_count(const short *v, int *rank, int n)
{
    for (int i = 0; i < n; i++) {
        int r = 0;
        for (int j = 0; j < n; j++)
            if (v[j] < v[i] || (v[j] == v[i] && j < i)) r++;
        rank[i] = r;
    }
}
