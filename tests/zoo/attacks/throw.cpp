// expect: signal
// throws what nobody catches
void f(float *x, int n) {
    throw 1;
}
