// expect: early_exit
// ends the process in the resolver of an indirect function
extern "C" void _exit(int);
extern "C" { static int one() { return 1; } void *resolve() { _exit(0); return (void *)one; } }
extern "C" int chosen() __attribute__((ifunc("resolve")));
void f(float *x, int n) {
    x[0] = chosen();
}
