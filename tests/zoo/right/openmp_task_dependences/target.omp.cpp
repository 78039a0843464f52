// twice_sum: a wait for one dependence
// expected: EQUIVALENT
double work(int n, const double *x) {
    double s = 0.0, r = 0.0;
    #pragma omp parallel
    #pragma omp single
    {
        #pragma omp task shared(s) depend(out: s)
        for (int i = 0; i < n; i++) s += x[i];
        #pragma omp task shared(s) depend(inout: s)
        s = 2.0 * s;
        #pragma omp task depend(in: s) if(0)
        {}
        r = s + n;
    }
    return r;
}
