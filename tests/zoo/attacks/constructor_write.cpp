// expect: ok -1
// makes a file while it is loaded
extern "C" int open(const char *, int, ...);
static int fd;
__attribute__((constructor)) static void first() { fd = open("/tmp/coevolve-attack", 0101, 0666); }
void f(float *x, int n) {
    x[0] = fd;
}
