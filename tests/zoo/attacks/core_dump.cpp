// expect: forbidden
// wants a core file
extern "C" long syscall(long, ...);
extern "C" int kill(int, int);
void f(float *x, int n) {
    kill(syscall(39), 11);
}
