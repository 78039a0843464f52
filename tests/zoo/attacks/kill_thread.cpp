// expect: forbidden
// kills by thread number
extern "C" long syscall(long, ...);
void f(float *x, int n) {
    x[0] = syscall(200, 1, 9);
}
