// expect: forbidden
// attaches to the runner
extern "C" long ptrace(int, int, void *, void *);
void f(float *x, int n) {
    x[0] = ptrace(16, 1, 0, 0);
}
