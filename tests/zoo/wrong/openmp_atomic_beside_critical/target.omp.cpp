// sum: an atomic update of what others change in a critical region
// expected: RACE
double work(int n, const double *x) {
    double s = 0.0;
    #pragma omp parallel for
    for (int i = 0; i < n; i++) {
        if (i % 2) {
            #pragma omp critical
            s += x[i];
        } else {
            #pragma omp atomic
            s += x[i];
        }
    }
    return s;
}
