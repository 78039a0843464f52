// sum: two locks for one variable
// expected: RACE
double work(int n, const double *x) {
    double s = 0.0;
    #pragma omp parallel for
    for (int i = 0; i < n; i++) {
        if (i % 2) {
            #pragma omp critical(odd)
            s += x[i];
        } else {
            #pragma omp critical(even)
            s += x[i];
        }
    }
    return s;
}
