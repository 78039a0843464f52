// clamp: the bounds are swapped
// expected: MISMATCH
__global__ void work(const float *x, float *y, float lo, float hi, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = x[i] < hi ? hi : x[i] > lo ? lo : x[i];
}
