// Returns how many elements exceed the threshold.
int count_above(int n, const float *x, float threshold)
{
    int count = 0;
#pragma omp parallel for reduction(+ : count) schedule(static, 32)
    for (int i = 0; i < n; i++)
        if (x[i] > threshold)
            count++;
    return count;
}
