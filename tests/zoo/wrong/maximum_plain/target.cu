// maximum: compare and store without atomics
// expected: RACE
__global__ void work(const int *x, int *out, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n && x[i] > out[0]) out[0] = x[i];
}
