// Lanes inside a loop of threads: reductions, and elements of their own.
// EQUIVALENT
void work(int n, int m, float *y, float *sums)
{
    #pragma omp parallel for
    for (int i = 0; i < n; i++) {
        float most = 1, sum = 0;
        #pragma omp simd reduction(max:most)
        for (int j = 0; j < m; j++)
            most = fmaxf(fabsf(y[i * m + j]) + 1, most);
        #pragma omp simd reduction(+:sum)
        for (int j = 0; j < m; j++) {
            y[i * m + j] /= most;
            sum += y[i * m + j];
        }
        sums[i] = sum;
    }
}
