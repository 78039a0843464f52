void caesar_shift(char *text, int len, int key)
{
    int k = ((key % 26) + 26) % 26;
    for (int i = 0; i < len; i++)
    {
        char c = text[i];
        if (c >= 'a' && c <= 'z')
            text[i] = 'a' + (c - 'a' + k) % 26;
        else if (c >= 'A' && c <= 'Z')
            text[i] = 'A' + (c - 'A' + k) % 26;
    }
}
