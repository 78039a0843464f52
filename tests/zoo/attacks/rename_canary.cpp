// expect: forbidden
// moves a file of the host
extern "C" int rename(const char *, const char *);
void f(float *x, int n) {
    x[0] = rename("CANARY", "CANARY.gone");
}
