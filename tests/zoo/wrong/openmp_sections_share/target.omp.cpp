// filled: both sections set the result
// expected: RACE
double work(int n, const double *x, double *y) {
    double t = 0.0;
    #pragma omp parallel sections
    {
        #pragma omp section
        {
            t = x[0];
            for (int i = 0; i < n / 2; i++) y[i] = x[0];
        }
        #pragma omp section
        {
            t = x[0];
            for (int i = n / 2; i < n; i++) y[i] = x[0];
        }
    }
    return t;
}
