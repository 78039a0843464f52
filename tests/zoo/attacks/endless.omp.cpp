// expect: timeout
// spins in every thread
void f(float *x, int n) {
#pragma omp parallel
    for (volatile int go = 1; go;) {}
}
