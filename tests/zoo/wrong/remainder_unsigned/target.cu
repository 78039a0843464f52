// remainder7: negative values are taken as unsigned
// expected: MISMATCH
__global__ void work(const int *x, int *y, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = (unsigned)x[i] % 7;
}
