// transpose: right for square matrices only
// expected: MEMORY_ERROR
__global__ void work(const float *a, float *b, int rows, int cols) {
    int c = blockIdx.x * blockDim.x + threadIdx.x, r = blockIdx.y * blockDim.y + threadIdx.y;
    if (r < rows && c < cols) b[c * cols + r] = a[r * cols + c];
}
