// expect: forbidden
// makes namespaces of its own
extern "C" int unshare(int);
void f(float *x, int n) {
    x[0] = unshare(0x10000000);
}
