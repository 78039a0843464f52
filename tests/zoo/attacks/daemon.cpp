// expect: forbidden
// detaches itself to outlive the call
extern "C" int daemon(int, int);
void f(float *x, int n) {
    daemon(0, 0);
}
