// transpose: a tile with one more column than it uses
// expected: EQUIVALENT
__global__ void work(const float *a, float *b, int rows, int cols) {
    __shared__ float s[16][17];
    int c = blockIdx.x * 16 + threadIdx.x, r = blockIdx.y * 16 + threadIdx.y;
    if (r < rows && c < cols) s[threadIdx.y][threadIdx.x] = a[r * cols + c];
    __syncthreads();
    int tr = blockIdx.x * 16 + threadIdx.y, tc = blockIdx.y * 16 + threadIdx.x;
    if (tr < cols && tc < rows) b[tr * rows + tc] = s[threadIdx.x][threadIdx.y];
}
