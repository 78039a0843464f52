float trace_of_product(float *a, float *b, int n)
{
    float tr = 0;
    for (int i = 0; i < n; i++)
        for (int k = 0; k < n; k++)
            tr += a[i * n + k] * b[k * n + i];
    return tr;
}
