// Inner product of single-precision vectors, accumulated in double precision, plus an offset.
float dot_mixed(int n, float offset, const float x[], const float y[])
{
    double acc = offset;
    for (int k = 0; k < n; ++k)
        acc += (double)x[k] * (double)y[k];
    return (float)acc;
}
