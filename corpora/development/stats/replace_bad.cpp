int replace_bad(double *v, int n, double filler)
{
    int bad = 0;
    for (int i = 0; i < n; i++)
        if (v[i] != v[i] || v[i] > 1e30 || v[i] < -1e30) {
            v[i] = filler;
            bad++;
        }
    return bad;
}
