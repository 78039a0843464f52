// Stable sort by counting, for every element, how many must stand before it.
void rank_sort(int n, const int *in, int *out)
{
    for (int i = 0; i < n; i++) {
        int rank = 0;
        for (int j = 0; j < n; j++) {
            if (in[j] < in[i] || (in[j] == in[i] && j < i))
                rank++;
        }
        out[rank] = in[i];
    }
}
