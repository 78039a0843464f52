void xor_with_key(unsigned char *data, size_t len, const unsigned char *key, size_t keylen)
{
    if (keylen == 0) return;
    for (size_t i = 0; i < len; i++)
        data[i] ^= key[i % keylen];
}
