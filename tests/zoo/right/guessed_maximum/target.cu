// largest float and largest integer: atomics behind a plain look that only spares them
// expected: EQUIVALENT
__device__ void most(float *place, float v) {
    int *bits = (int *)place;
    int old = *bits, seen;
    while (v > __int_as_float(old)) {
        seen = old;
        old = atomicCAS(bits, seen, __float_as_int(v));
        if (old == seen) break;
    }
}
__global__ void work(const float *x, const int *k, float *m, int *l, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    most(m, x[i]);
    if (k[i] > *l) atomicMax(l, k[i]);
}
