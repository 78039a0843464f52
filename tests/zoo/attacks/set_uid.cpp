// expect: forbidden
// becomes root
extern "C" int setuid(unsigned);
void f(float *x, int n) {
    x[0] = setuid(0);
}
