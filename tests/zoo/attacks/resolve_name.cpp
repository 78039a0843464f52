// expect: ok 0
// asks a name server; no configuration can be read, so nobody is asked
extern "C" void *gethostbyname(const char *);
void f(float *x, int n) {
    x[0] = gethostbyname("localhost") != nullptr;
}
