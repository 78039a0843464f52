void match_positions(const char *text, int n, const char *pattern, int m, int *hit)
{
    for (int i = 0; i + m <= n; i++) {
        hit[i] = 1;
        for (int j = 0; j < m; j++) {
            if (text[i + j] != pattern[j]) {
                hit[i] = 0;
                break;
            }
        }
    }
}
