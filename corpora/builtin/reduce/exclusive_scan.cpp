// Starting offsets of n groups: offset[0] = 0, offset[i+1] = offset[i] + count[i]; offset has n + 1 elements.
void exclusive_scan(int n, const int *count, long *offset)
{
    offset[0] = 0;
    for (int i = 0; i < n; ++i)
        offset[i + 1] = offset[i] + count[i];
}
