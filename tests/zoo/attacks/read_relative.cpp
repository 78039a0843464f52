// expect: forbidden
// looks at what lies beside its own artifact
extern "C" int open(const char *, int, ...);
void f(float *x, int n) {
    x[0] = open("../objects", 0);
}
