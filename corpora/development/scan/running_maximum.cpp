void running_maximum(const int *in, int *out, int n)
{
    int cur;
    if (n < 1)
        return;
    cur = in[0];
    for (int i = 0; i < n; i++)
    {
        if (in[i] > cur)
            cur = in[i];
        out[i] = cur;
    }
}
