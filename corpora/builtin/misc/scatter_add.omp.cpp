// table[idx[i]] += value[i] for every idx[i] inside [0, m); others are skipped.
void scatter_add(int n, int m, const int *idx, const double *value, double *table)
{
    #pragma omp parallel for
    for (int i = 0; i < n; i++) {
        if (idx[i] < 0 || idx[i] >= m)
            continue;
        #pragma omp atomic
        table[idx[i]] += value[i];
    }
}
