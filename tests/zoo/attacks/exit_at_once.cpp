// expect: early_exit
// ends with success before it is finished
extern "C" void _exit(int) __attribute__((noreturn));
void f(float *x, int n) {
    _exit(0);
}
