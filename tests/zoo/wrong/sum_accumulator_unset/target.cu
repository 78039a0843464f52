// sum: the accumulator is not set
// expected: MISMATCH
__global__ void work(const float *x, float *out, int n) {
    float s;
    for (int i = 0; i < n; i++) s += x[i];
    out[0] = s;
}
