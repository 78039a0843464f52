// Stable counting sort; keys[i] in [0, k); count[k] ends as the exclusive start of the next key's range.
void counting_sort(int n, int k, const int *keys, int *count, int *sorted)
{
    for (int v = 0; v < k; v++)
        count[v] = 0;
    for (int i = 0; i < n; i++)
        count[keys[i]]++;
    int start = 0;
    for (int v = 0; v < k; v++) {
        int c = count[v];
        count[v] = start;
        start += c;
    }
    for (int i = 0; i < n; i++)
        sorted[count[keys[i]]++] = keys[i];
}
