// Returns the 0-based index of the first smallest element (0 when n < 1).
int argmin(int n, const double *v)
{
    int at = 0;
    #pragma omp parallel
    {
        int mine = 0;
        #pragma omp for nowait
        for (int i = 1; i < n; i++) {
            if (v[i] < v[mine]) {
                mine = i;
            }
        }
        #pragma omp critical
        if (v[mine] < v[at] || (v[mine] == v[at] && mine < at)) {
            at = mine;
        }
    }
    return at;
}
