// Every row smoothed from left to right.
void work(int n, int m, float *y)
{
    for (int i = 0; i < n; i++)
        for (int j = 1; j < m; j++)
            y[i * m + j] = 0.5f * y[i * m + j - 1] + y[i * m + j];
}
