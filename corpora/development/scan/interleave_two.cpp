void interleave_two(const float *even, const float *odd, float *both, int n)
{
    float *p = both;
    for (int i = 0; i < n; i++)
    {
        *p++ = even[i];
        *p++ = odd[i];
    }
}
