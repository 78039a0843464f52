// Rows in parallel, which is right; within a row a lane needs what the one before it computes.
// RACE
void work(int n, int m, float *y)
{
    #pragma omp parallel for
    for (int i = 0; i < n; i++) {
        #pragma omp simd
        for (int j = 1; j < m; j++)
            y[i * m + j] = 0.5f * y[i * m + j - 1] + y[i * m + j];
    }
}
