// largest float and largest integer: a swap that another thread came before is not tried again
// expected: NONDETERMINISTIC
__global__ void work(const float *x, const int *k, float *m, int *l, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    int *bits = (int *)m;
    int old = *bits;
    if (x[i] > __int_as_float(old)) old = atomicCAS(bits, old, __float_as_int(x[i]));
    atomicMax(l, k[i]);
}
