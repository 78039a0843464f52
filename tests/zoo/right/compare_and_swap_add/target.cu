// add_sum: an atomic addition made of atomicCAS
// expected: EQUIVALENT
__device__ void add(float *p, float v) {
    unsigned *q = (unsigned *)p;
    unsigned old = *(volatile unsigned *)q, seen;
    do {
        seen = old;
        old = atomicCAS(q, seen, __float_as_uint(__uint_as_float(seen) + v));
    } while (old != seen);
}
__global__ void work(const float *x, float *out, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) add(out, x[i]);
}
