void histogram_pairs(const unsigned char *a, const unsigned char *b, int n, int shift, unsigned int *table)
{
    int side = 256 >> shift;
    for (int i = 0; i < side * side; i++) table[i] = 0;
    for (int i = 0; i < n; i++)
        table[(a[i] >> shift) * side + (b[i] >> shift)]++;
}
