// Rectified linear unit, in place.
void relu(int n, float *x)
{
    for (int i = 0; i < n; ++i)
        if (x[i] < 0.0f)
            x[i] = 0.0f;
}
