// expect: ok -1
// opens a file while it is loaded: loading may open, landlock refuses
extern "C" int open(const char *, int, ...);
static int fd;
__attribute__((constructor)) static void first() { fd = open("/etc/passwd", 0); }
void f(float *x, int n) {
    x[0] = fd;
}
