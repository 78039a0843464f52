// table = base with value[i] added at idx[i]; indices outside [0, m) are skipped.
void scatter_add(int n, int m, const int *idx, const double *value, const double *base, double *table)
{
    #pragma omp parallel for
    for (int j = 0; j < m; j++)
        table[j] = base[j];
    #pragma omp parallel for
    for (int i = 0; i < n; i++) {
        if (idx[i] < 0 || idx[i] >= m)
            continue;
        #pragma omp atomic
        table[idx[i]] += value[i];
    }
}
