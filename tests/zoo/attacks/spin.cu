// expect: timeout
// waits for a thread that never comes
__global__ void f(float *x, int n) { while (((volatile float *)x)[0] >= 0) {} }
