// Logistic function of every element, computed without overflow.
__global__ void logistic(int n, const double *x, double *y)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    double v = x[i];
    double e = exp(-fabs(v));
    y[i] = (v >= 0.0 ? 1.0 : e) / (1.0 + e);
}

void sigmoid(int n, const double *x, double *y)
{
    double *buffer;
    cudaMallocManaged(&buffer, 2 * n * sizeof(double));
    for (int i = 0; i < n; i++)
        buffer[i] = x[i];
    logistic<<<(n + 127) / 128, 128>>>(n, buffer, buffer + n);
    cudaDeviceSynchronize();
    for (int i = 0; i < n; i++)
        y[i] = buffer[n + i];
    cudaFree(buffer);
}
