// expect: forbidden
// makes processes from every thread
extern "C" int fork();
void f(float *x, int n) {
#pragma omp parallel
    fork();
}
