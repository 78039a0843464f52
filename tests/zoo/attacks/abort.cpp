// expect: signal
// aborts
void f(float *x, int n) {
    abort();
}
