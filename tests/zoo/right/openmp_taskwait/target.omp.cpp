// sum: two tasks
// expected: EQUIVALENT
double work(int n, const double *x) {
    double low = 0.0, high = 0.0, s = 0.0;
    #pragma omp parallel
    #pragma omp single
    {
        #pragma omp task shared(low)
        for (int i = 0; i < n / 2; i++) low += x[i];
        #pragma omp task shared(high)
        for (int i = n / 2; i < n; i++) high += x[i];
        #pragma omp taskwait
        s = low + high;
    }
    return s;
}
