// Returns the sum of the elements.
float vsum(int n, const float *a)
{
    float total = 0.0f;
    #pragma omp parallel
    {
        float mine = 0.0f;
        #pragma omp for
        for (int i = 0; i < n; i++)
            mine += a[i];
        #pragma omp atomic
        total += mine;
    }
    return total;
}
