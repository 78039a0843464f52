// Every row scaled by its largest magnitude plus one, and its sum.
void work(int n, int m, float *y, float *sums)
{
    for (int i = 0; i < n; i++) {
        float most = 1, sum = 0;
        for (int j = 0; j < m; j++)
            most = fabsf(y[i * m + j]) + 1 > most ? fabsf(y[i * m + j]) + 1 : most;
        for (int j = 0; j < m; j++) {
            y[i * m + j] /= most;
            sum += y[i * m + j];
        }
        sums[i] = sum;
    }
}
