// places of positives: in order only where one thread takes every chunk
// expected: MISMATCH
int work(int n, const float *x, int *at) {
    int k = 0;
    #pragma omp parallel for schedule(dynamic, 16)
    for (int i = 0; i < n; i++)
        if (x[i] > 0) {
            int p;
            #pragma omp atomic capture
            p = k++;
            at[p] = i;
        }
    return k;
}
