// total: parallel from a size on that tests do not have
// expected: EQUIVALENT
#define PAYS (16 * 1024)
double work(int n, double w, const double *x) {
    double s = 0;
    #pragma omp parallel for reduction(+:s) if(n >= PAYS)
    for (int i = 0; i < n; i++) s += w * x[i];
    return s;
}
