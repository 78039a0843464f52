// expect: forbidden
// leaves a file behind
extern "C" int open(const char *, int, ...);
void f(float *x, int n) {
    x[0] = open("/tmp/coevolve-attack", 0101, 0666);
}
