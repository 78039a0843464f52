// the most frequent of four values in every row: counters that are compared with each other only, and never set
// expected: NONDETERMINISTIC
__global__ void work(const unsigned char *x, int *out, int m, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= m) return;
    int h[4], best = 0;
    for (int j = 0; j < n; j++) h[x[i * n + j] & 3]++;
    for (int k = 1; k < 4; k++) if (h[k] > h[best]) best = k;
    out[i] = best;
}
