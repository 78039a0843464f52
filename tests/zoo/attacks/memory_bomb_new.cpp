// expect: memory_limit
// allocates without end, by new
void f(float *x, int n) {
    for (;;) { double *p = new double[1 << 20]; p[0] = x[0]; x[0] += p[0] != 0; }
}
