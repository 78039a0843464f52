// dot product: as many partial results as there may be threads
// expected: EQUIVALENT
#include <omp.h>
#include <stdlib.h>
double work(const double *x, const double *y, int n) {
    double *part = (double *)calloc(omp_get_max_threads(), sizeof(double)), s = 0.0;
    int team = 1;
#pragma omp parallel
    {
        int t = omp_get_thread_num();
#pragma omp single
        team = omp_get_num_threads();
#pragma omp for
        for (int i = 0; i < n; i++) part[t] += x[i] * y[i];
    }
    for (int t = 0; t < team; t++) s += part[t];
    free(part);
    return s;
}
