// positives: plain increments
// expected: RACE
__global__ void work(const int *x, int *count, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n && x[i] > 0) count[0]++;
}
