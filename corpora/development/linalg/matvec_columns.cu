__global__ void matvec_columns(long m, long n, const double *a, const double *x, double *y)
{
    long i = (long)blockIdx.x * blockDim.x + threadIdx.x;
    if (i < m) {
        double sum = 0;
        for (long j = 0; j < n; j++)
            sum += x[j] * a[j * m + i];
        y[i] = sum;
    }
}
