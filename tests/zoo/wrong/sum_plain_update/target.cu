// add_sum: all threads add to one cell without atomics
// expected: RACE
__global__ void work(const float *x, float *out, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) out[0] += x[i];
}
