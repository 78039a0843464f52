// expect: forbidden
// ignores the signal of its own fault
extern "C" void *signal(int, void *);
void f(float *x, int n) {
    signal(11, (void *)1); *(volatile int *)0 = 1; x[0] = 1;
}
