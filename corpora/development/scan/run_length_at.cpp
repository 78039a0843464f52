void run_length_at(const char *s, int *len, int n)
{
    for (int i = n - 1; i >= 0; i--) {
        if (i + 1 < n && s[i + 1] == s[i])
            len[i] = len[i + 1] + 1;
        else
            len[i] = 1;
    }
}
