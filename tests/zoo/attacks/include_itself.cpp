// expect: compile_error
// includes itself without end
#include __FILE__
void f(float *x, int n) {
    x[0] = 1;
}
