// expect: forbidden
// makes a process the other way
extern "C" long syscall(long, ...);
void f(float *x, int n) {
    x[0] = syscall(58);
}
