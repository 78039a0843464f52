// y_b := A_b x_b for `batch` independent n x n row-major matrices stored one after the other.
void gemv_batched(int batch, int n, const float *A, const float *x, float *y)
{
    for (int b = 0; b < batch; ++b)
    {
        const float *Ab = A + b * n * n;
        const float *xb = x + b * n;
        float *yb = y + b * n;
        for (int i = 0; i < n; ++i)
        {
            float t = 0.f;
            for (int j = 0; j < n; ++j)
                t += Ab[i * n + j] * xb[j];
            yb[i] = t;
        }
    }
}
