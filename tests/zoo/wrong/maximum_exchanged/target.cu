// largest float and largest integer: what is written is larger than what was read, not than what is there
// expected: NONDETERMINISTIC
__global__ void work(const float *x, const int *k, float *m, int *l, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    if (x[i] > *m) atomicExch(m, x[i]);
    if (k[i] > *l) atomicMax(l, k[i]);
}
