// The read and the write are atomic, what lies between them is not: one of two updates that meet is lost.
// expected: MISMATCH
double work(int n, const double *x) {
    double total = 0.0;
    #pragma omp parallel for
    for (int i = 0; i < n; i++)
        if (x[i] > 0.25) {
            double known;
            #pragma omp atomic read
            known = total;
            known += x[i];
            #pragma omp atomic write
            total = known;
        }
    return total;
}
