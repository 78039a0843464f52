// expect: forbidden
// copies descriptors
extern "C" int dup2(int, int);
void f(float *x, int n) {
    x[0] = dup2(1, 5);
}
