// expect: out_of_bounds
// writes over the whole arena
void f(float *x, int n) {
    for (long i = 0; i < 1L << 40; i += 512) x[i] = 1;
}
