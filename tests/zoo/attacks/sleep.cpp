// expect: timeout
// sleeps for ever
extern "C" unsigned sleep(unsigned);
void f(float *x, int n) {
    for (;;) sleep(1000);
}
