// Stable counting sort of the keys inside [0, k), others are dropped; count[k] ends as each key's end; returns how many.
int counting_sort(int n, int k, const int *keys, int *count, int *sorted)
{
    for (int v = 0; v < k; v++)
        count[v] = 0;
    for (int i = 0; i < n; i++)
        if (keys[i] >= 0 && keys[i] < k)
            count[keys[i]]++;
    int start = 0;
    for (int v = 0; v < k; v++) {
        int c = count[v];
        count[v] = start;
        start += c;
    }
    for (int i = 0; i < n; i++)
        if (keys[i] >= 0 && keys[i] < k)
            sorted[count[keys[i]]++] = keys[i];
    return start;
}
