// expect: forbidden
// looks for the addresses of the harness
extern "C" int open(const char *, int, ...);
void f(float *x, int n) {
    x[0] = open("/proc/self/maps", 0);
}
