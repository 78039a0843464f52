// Stream compaction: elements with a non-zero flag move to the front of out in order; returns how many.
int compact_flags(int n, const int *flag, const double *in, double *out)
{
    int kept = 0;
    for (int i = 0; i < n; i++)
        if (flag[i])
            out[kept++] = in[i];
    return kept;
}
