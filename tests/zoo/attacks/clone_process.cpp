// expect: forbidden
// clone without sharing is fork
extern "C" long syscall(long, ...);
void f(float *x, int n) {
    x[0] = syscall(56, 17, 0, 0, 0, 0);
}
