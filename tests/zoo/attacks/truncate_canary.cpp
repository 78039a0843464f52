// expect: forbidden
// empties a file of the host
extern "C" int truncate(const char *, long);
void f(float *x, int n) {
    x[0] = truncate("CANARY", 0);
}
