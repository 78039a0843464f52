// axpy: does nothing
// expected: MISMATCH
__global__ void work(int n, float a, const float *x, float *y) {}
