// expect: ok 1
// asks for 5,000 threads and gets fewer
void f(float *x, int n) {
    int seen = 0;
#pragma omp parallel num_threads(5000) reduction(max : seen)
    seen = omp_get_num_threads();
    x[0] = seen < 100;
}
