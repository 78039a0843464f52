// Evaluate a polynomial of given degree (coefficients from constant upwards) at n points by Horner's rule.
__global__ void horner(int n, int degree, const double *coeff, const double *x, double *y)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    double xi = x[i];
    double acc = coeff[degree];
    for (int k = degree - 1; k >= 0; --k)
        acc = acc * xi + coeff[k];
    y[i] = acc;
}

void poly_eval(int n, int degree, const double *coeff, const double *x, double *y)
{
    size_t coeff_bytes = sizeof(double) * (degree + 1);
    double *dev_coeff = nullptr;
    cudaMalloc(&dev_coeff, coeff_bytes);
    cudaMemcpy(dev_coeff, coeff, coeff_bytes, cudaMemcpyHostToDevice);
    size_t x_bytes = sizeof(double) * n;
    double *dev_x = nullptr;
    cudaMalloc(&dev_x, x_bytes);
    cudaMemcpy(dev_x, x, x_bytes, cudaMemcpyHostToDevice);
    size_t y_bytes = sizeof(double) * n;
    double *dev_y = nullptr;
    cudaMalloc(&dev_y, y_bytes);

    horner<<<(n + 127) / 128, 128>>>(n, degree, dev_coeff, dev_x, dev_y);
    cudaDeviceSynchronize();

    cudaMemcpy(y, dev_y, y_bytes, cudaMemcpyDeviceToHost);
    cudaFree(dev_coeff);
    cudaFree(dev_x);
    cudaFree(dev_y);
}
