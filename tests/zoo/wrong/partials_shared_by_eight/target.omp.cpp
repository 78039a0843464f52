// dot product: from the ninth thread on two of them add to one partial result
// expected: RACE
#include <omp.h>
double work(const double *x, const double *y, int n) {
    double part[8] = {0}, s = 0.0;
#pragma omp parallel for
    for (int i = 0; i < n; i++) part[omp_get_thread_num() & 7] += x[i] * y[i];
    for (int t = 0; t < 8; t++) s += part[t];
    return s;
}
