// y := A^T x, A is rows x cols row-major; one thread per column, coalesced reads.
__global__ void gemv_t_kernel(int rows, int cols, const float *A, const float *x, float *y)
{
    int j = blockIdx.x * blockDim.x + threadIdx.x;
    if (j < cols) {
        float sum = 0.0f;
        for (int i = 0; i < rows; ++i)
            sum += A[(size_t)i * cols + j] * x[i];
        y[j] = sum;
    }
}

void gemv_t(int rows, int cols, const float *A, const float *x, float *y)
{
    float *A_d, *x_d, *y_d;
    size_t count = (size_t)rows * cols;
    cudaMalloc((void **)&A_d, count * sizeof(float));
    cudaMalloc((void **)&x_d, rows * sizeof(float));
    cudaMalloc((void **)&y_d, cols * sizeof(float));
    cudaMemcpy(A_d, A, count * sizeof(float), cudaMemcpyHostToDevice);
    cudaMemcpy(x_d, x, rows * sizeof(float), cudaMemcpyHostToDevice);
    gemv_t_kernel<<<(cols + 127) / 128, 128>>>(rows, cols, A_d, x_d, y_d);
    cudaMemcpy(y, y_d, cols * sizeof(float), cudaMemcpyDeviceToHost);
    cudaFree(A_d);
    cudaFree(x_d);
    cudaFree(y_d);
}
