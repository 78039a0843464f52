int upper_and_count(char *s, int n)
{
    int letters = 0;
    for (char *p = s; p < s + n; p++) {
        if (*p >= 'a' && *p <= 'z') {
            *p = *p - 32;
            ++letters;
        }
    }
    return letters;
}
