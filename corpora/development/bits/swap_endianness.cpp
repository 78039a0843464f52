void swap_endianness(unsigned int *w, size_t n)
{
    for (size_t i = 0; i < n; i++)
        w[i] = (w[i] << 24) | ((w[i] & 0xff00) << 8) | ((w[i] >> 8) & 0xff00) | (w[i] >> 24);
}
