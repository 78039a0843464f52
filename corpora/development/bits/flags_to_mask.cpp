unsigned long flags_to_mask(const bool *flags, int n)
{
    unsigned long mask = 0;
    for (int i = 0; i < n && i < 64; i++)
        if (flags[i])
            mask |= 1UL << i;
    return mask;
}
