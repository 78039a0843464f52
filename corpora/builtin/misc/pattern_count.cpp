// Occurrences (overlaps included) of a byte pattern of length m in a text of length n; marks their starts.
int pattern_count(int n, int m, const unsigned char *text, const unsigned char *pattern, int *start)
{
    int found = 0;
    for (int i = 0; i < n; i++) {
        bool same = i + m <= n;
        for (int k = 0; same && k < m; k++)
            same = text[i + k] == pattern[k];
        start[i] = same;
        if (same)
            found++;
    }
    return found;
}
