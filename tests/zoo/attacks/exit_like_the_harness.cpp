// expect: early_exit
// ends with an exit code that the harness uses
extern "C" void _exit(int) __attribute__((noreturn));
void f(float *x, int n) {
    _exit(77);
}
