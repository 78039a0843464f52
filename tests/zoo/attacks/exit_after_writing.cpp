// expect: early_exit
// ends in order after writing its result
void f(float *x, int n) {
    x[0] = 1; exit(0);
}
