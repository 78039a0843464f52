// flags[i] = 1 where x[i] is below the pivot, else 0; returns the number of ones.
int partition_flags(int n, double pivot, const double *x, int *flags)
{
    int below = 0;
    for (int i = 0; i < n; i++) {
        flags[i] = x[i] < pivot ? 1 : 0;
        below += flags[i];
    }
    return below;
}
