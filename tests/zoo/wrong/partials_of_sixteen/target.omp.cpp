// dot product: threads after the sixteenth have no partial result, and what their iterations add is lost
// expected: MISMATCH
#include <omp.h>
double work(const double *x, const double *y, int n) {
    double part[16] = {0}, s = 0.0;
#pragma omp parallel
    {
        int t = omp_get_thread_num(), team = omp_get_num_threads();
        for (int i = t; t < 16 && i < n; i += team) part[t] += x[i] * y[i];
    }
    for (int t = 0; t < 16; t++) s += part[t];
    return s;
}
