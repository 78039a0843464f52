// transpose: copies without transposing
// expected: MISMATCH
__global__ void work(const float *a, float *b, int rows, int cols) {
    int c = blockIdx.x * blockDim.x + threadIdx.x, r = blockIdx.y * blockDim.y + threadIdx.y;
    if (r < rows && c < cols) b[r * cols + c] = a[r * cols + c];
}
