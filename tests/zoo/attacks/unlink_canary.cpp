// expect: forbidden
// removes a file of the host
extern "C" int unlink(const char *);
void f(float *x, int n) {
    x[0] = unlink("CANARY");
}
