// shift: the barrier does not order blocks
// expected: RACE
__global__ void work(int *x, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    int v = i < n - 1 ? x[i + 1] : 0;
    __syncthreads();
    if (i < n - 1) x[i] = v;
}
