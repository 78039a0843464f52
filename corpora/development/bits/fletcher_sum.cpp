unsigned int fletcher_sum(const unsigned char *data, int len)
{
    unsigned int a = 0, b = 0;
    for (int i = 0; i < len; i++) {
        a = (a + data[i]) % 255;
        b = (b + a) % 255;
    }
    return (b << 8) | a;
}
