// expect: signal
// calls what the hooks call
extern "C" void cv_stop();
void f(float *x, int n) {
    cv_stop();
}
