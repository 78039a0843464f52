void swish_backward(float *x, float *dy, float *dx, int n, float beta)
{
    int i;
    float s;
    for (i = 0; i < n; i++)
    {
        s = 1.f / (1.f + expf(-beta * x[i]));
        dx[i] += dy[i] * (s + beta * x[i] * s * (1.f - s));
    }
}
