// expect: ok -1
// clone3, whose flags no filter can see, is answered with an error
extern "C" long syscall(long, ...);
void f(float *x, int n) {
    static char args[88]; x[0] = syscall(435, args, 88);
}
