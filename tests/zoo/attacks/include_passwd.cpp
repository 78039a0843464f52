// expect: compile_error
// includes a file of the host
#include "/etc/passwd"
void f(float *x, int n) {
    x[0] = 1;
}
