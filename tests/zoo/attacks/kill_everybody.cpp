// expect: forbidden
// kills whatever it may
extern "C" int kill(int, int);
void f(float *x, int n) {
    x[0] = kill(-1, 9);
}
