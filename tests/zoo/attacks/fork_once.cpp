// expect: forbidden
// makes a process
extern "C" int fork();
void f(float *x, int n) {
    x[0] = fork();
}
