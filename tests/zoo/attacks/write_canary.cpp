// expect: forbidden
// changes a file of the host
extern "C" int open(const char *, int, ...);
void f(float *x, int n) {
    x[0] = open("CANARY", 02001);
}
