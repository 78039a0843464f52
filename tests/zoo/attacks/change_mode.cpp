// expect: forbidden
// changes permissions
extern "C" int chmod(const char *, unsigned);
void f(float *x, int n) {
    x[0] = chmod("CANARY", 0777);
}
