// row_mean: 1 / cols is an integer division
// expected: MISMATCH
__global__ void work(const float *a, float *mean, int rows, int cols) {
    int r = blockIdx.x * blockDim.x + threadIdx.x;
    if (r >= rows) return;
    float s = 0.0f;
    for (int c = 0; c < cols; c++) s += a[r * cols + c];
    mean[r] = s * (1 / cols);
}
