// transpose: the guard takes rows for both extents
// expected: MISMATCH
__global__ void work(const float *a, float *b, int rows, int cols) {
    int c = blockIdx.x * blockDim.x + threadIdx.x, r = blockIdx.y * blockDim.y + threadIdx.y;
    if (r < rows && c < rows && c < cols) b[c * rows + r] = a[r * cols + c];
}
