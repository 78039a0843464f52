// midpoint: the sum overflows
// expected: MISMATCH
__global__ void work(const int *a, const int *b, int *out, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) out[i] = (int)((unsigned)a[i] + (unsigned)b[i]) / 2;
}
