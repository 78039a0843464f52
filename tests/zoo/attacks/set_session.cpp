// expect: forbidden
// leaves the process group that is killed
extern "C" int setsid();
void f(float *x, int n) {
    x[0] = setsid();
}
