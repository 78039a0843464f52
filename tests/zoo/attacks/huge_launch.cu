// expect: too_large
// launches without end
__global__ void k(float *x) { if (x[0] < -1e30f) x[1] = 1; }
void f(float *x, int n) { for (;;) k<<<1000000, 1024>>>(x); }
