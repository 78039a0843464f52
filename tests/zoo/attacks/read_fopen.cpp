// expect: forbidden
// reads through stdio
extern "C" void *fopen(const char *, const char *);
void f(float *x, int n) {
    x[0] = fopen("/etc/hostname", "r") != nullptr;
}
