// expect: out_of_bounds
// writes behind its array
__global__ void f(float *x, int n) { x[n + threadIdx.x] = 1; }
