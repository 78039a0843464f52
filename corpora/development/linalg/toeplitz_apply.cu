__global__ void toeplitz_apply(const double *first, const double *x, double *y, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) {
        double s = 0;
        for (int j = 0; j < n; j++)
            s += first[i > j ? i - j : j - i] * x[j];
        y[i] = s;
    }
}
