// Returns the sum of the elements.
float vsum(int n, const float *a)
{
    float total = 0.0f;
    for (int i = 0; i < n; i++)
        total += a[i];
    return total;
}
