// Merge two ascending integer sequences; equal elements of a come first.
void merge_sorted(int n, int m, const int *a, const int *b, int *out)
{
    int i = 0, j = 0, k = 0;
    while (i < n && j < m)
        out[k++] = b[j] < a[i] ? b[j++] : a[i++];
    while (i < n)
        out[k++] = a[i++];
    while (j < m)
        out[k++] = b[j++];
}
