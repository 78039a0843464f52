// expect: early_exit
// places a function pointer in .init_array
extern "C" void _exit(int);
static void first() { _exit(0); }
__attribute__((section(".init_array"), used)) static void (*slot)() = first;
void f(float *x, int n) {
    x[0] = 1;
}
