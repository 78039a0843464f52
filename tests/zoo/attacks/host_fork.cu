// expect: forbidden
// makes a process in host code
extern "C" int fork();
__global__ void k(float *x) { x[0] = 1; }
void f(float *x, int n) { fork(); k<<<1, 1>>>(x); }
