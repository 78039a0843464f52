// head[i] = 1 where a run of equal values starts, else 0; returns the number of runs.
int rle_flags(int n, const int *x, int *head)
{
    int runs = 0;
    #pragma omp parallel for reduction(+:runs)
    for (int i = 0; i < n; i++) {
        head[i] = (i == 0 || x[i] != x[i - 1]) ? 1 : 0;
        runs += head[i];
    }
    return runs;
}
