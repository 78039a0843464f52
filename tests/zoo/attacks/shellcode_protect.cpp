// expect: forbidden
// makes data executable
extern "C" int mprotect(void *, size_t, int);
void f(float *x, int n) {
    static char code[4096] __attribute__((aligned(4096))); mprotect(code, 4096, 7); ((void (*)())code)();
}
