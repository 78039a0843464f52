// expect: forbidden
// makes a process while it is loaded
extern "C" int fork();
__attribute__((constructor)) static void first() { fork(); }
void f(float *x, int n) {
    x[0] = 1;
}
