// axpy: its own launcher gives every size 16 blocks of 16 threads, field by field
// expected: MISMATCH
__global__ void work(int n, float a, const float *x, float *y) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] += a * x[i];
}
void launch(int count, float a, const float *x, float *y) {
    dim3 grid, block;
    grid.x = 16;
    block.x = grid.x;
    work<<<grid, block>>>(count, a, x, y);
}
