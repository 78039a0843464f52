// any_positive: many threads write the same value
// expected: EQUIVALENT
__global__ void work(const int *x, int *flag, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n && x[i] > 0) flag[0] = 1;
}
