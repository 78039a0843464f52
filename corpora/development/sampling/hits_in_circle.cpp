int hits_in_circle(const float *x, const float *y, int n)
{
    int hits = 0;
    for (int i = 0; i < n; i++)
        hits += x[i] * x[i] + y[i] * y[i] <= 1.0f;
    return hits;
}
