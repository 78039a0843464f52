// expect: ok 1
// would spin when it is unloaded, which never happens
__attribute__((destructor)) static void last() { for (;;) {} }
void f(float *x, int n) {
    x[0] = 1;
}
