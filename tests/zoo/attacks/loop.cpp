// expect: timeout
// never ends
void f(float *x, int n) {
    for (volatile int go = 1; go;) x[0] += 1;
}
