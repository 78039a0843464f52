// shift: a thread reads what its neighbour writes
// expected: RACE
__global__ void work(int *x, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n - 1) x[i] = x[i + 1];
}
