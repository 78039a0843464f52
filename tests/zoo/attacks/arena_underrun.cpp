// expect: out_of_bounds
// writes before its array, towards the harness
void f(float *x, int n) {
    for (long i = -1; i > -(1L << 40); i--) x[i] = 1;
}
