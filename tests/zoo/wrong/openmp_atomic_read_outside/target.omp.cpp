// sum: only the write is atomic
// expected: RACE
double work(int n, const double *x) {
    double s = 0.0;
    #pragma omp parallel for
    for (int i = 0; i < n; i++) {
        double t = s + x[i];
        #pragma omp atomic write
        s = t;
    }
    return s;
}
