// expect: forbidden
// asks to be traced
extern "C" long ptrace(int, int, void *, void *);
void f(float *x, int n) {
    x[0] = ptrace(0, 0, 0, 0);
}
