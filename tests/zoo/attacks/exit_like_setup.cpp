// expect: early_exit
// pretends that the harness failed
extern "C" void _exit(int) __attribute__((noreturn));
void f(float *x, int n) {
    _exit(79);
}
