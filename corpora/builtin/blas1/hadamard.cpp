// z := z + x .* y, elementwise; the loop is unrolled by four with a remainder.
void hadamard(int n, const float *x, const float *y, float *z)
{
    int i = 0;
    for (; i + 3 < n; i += 4) {
        z[i] += x[i] * y[i];
        z[i + 1] += x[i + 1] * y[i + 1];
        z[i + 2] += x[i + 2] * y[i + 2];
        z[i + 3] += x[i + 3] * y[i + 3];
    }
    for (; i < n; i++)
        z[i] += x[i] * y[i];
}
