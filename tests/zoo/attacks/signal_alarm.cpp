// expect: forbidden
// sets a timer
extern "C" unsigned alarm(unsigned);
void f(float *x, int n) {
    alarm(1);
}
