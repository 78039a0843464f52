// expect: forbidden
// opens a userfaultfd
extern "C" long syscall(long, ...);
void f(float *x, int n) {
    x[0] = syscall(323, 0);
}
