// expect: out_of_bounds
// overruns from several threads at once
void f(float *x, int n) {
#pragma omp parallel for
    for (int i = 0; i < 4 * n; i++) x[i] += 1;
}
