// maximum: partial maxima joined in a critical section
// expected: EQUIVALENT
void work(const int *x, int *out, int n) {
    int m = x[0];
    #pragma omp parallel
    {
        int mine = x[0];
        #pragma omp for nowait
        for (int i = 0; i < n; i++) if (x[i] > mine) mine = x[i];
        #pragma omp critical
        if (mine > m) m = mine;
    }
    out[0] = m;
}
