__global__ void center_columns(double *data, double *means, int n, int dims)
{
    int j = blockIdx.x * blockDim.x + threadIdx.x;
    if (j < dims) {
        double sum = 0.0;
        for (int i = 0; i < n; i++) sum += data[i * dims + j];
        means[j] = sum / n;
        for (int i = 0; i < n; i++)
            data[i * dims + j] -= means[j];
    }
}
