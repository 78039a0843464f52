int count_words(const char *text, int n)
{
    int words = 0;
    bool in_word = false;
    for (int i = 0; i < n; i++) {
        bool blank = text[i] == ' ' || text[i] == '\n' || text[i] == '\t';
        if (!blank && !in_word) words++;
        in_word = !blank;
    }
    return words;
}
