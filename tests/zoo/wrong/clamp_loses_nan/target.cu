// clamp: fminf and fmaxf turn NaN into a bound
// expected: MISMATCH
__global__ void work(const float *x, float *y, float lo, float hi, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = fminf(hi, fmaxf(lo, x[i]));
}
