__global__ void tridiagonal_apply(int n, const float *lower, const float *diag, const float *upper, const float *x, float *y)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    float s = diag[i] * x[i];
    if (i > 0) s += lower[i] * x[i - 1];
    if (i + 1 < n) s += upper[i] * x[i + 1];
    y[i] = s;
}
