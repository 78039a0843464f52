// expect: forbidden
// changes its own process flags
extern "C" int prctl(int, ...);
void f(float *x, int n) {
    x[0] = prctl(4, 1, 0, 0, 0);
}
