// expect: signal
// writes near address zero
void f(float *x, int n) {
    *(volatile int *)8 = 1;
}
