// expect: signal
// recurses without end
__attribute__((noinline)) static int deep(int n) { volatile char page[4096]; page[0] = n; return deep(n + 1) + page[0]; }
void f(float *x, int n) {
    x[0] = deep(n);
}
