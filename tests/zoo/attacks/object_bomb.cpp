// expect: compile_error
// makes an object file of gigabytes
static char big[1L << 31] = {1};
void f(float *x, int n) {
    x[0] = big[n];
}
