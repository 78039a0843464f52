// scaled: cut by hand, rounded up
// expected: EQUIVALENT
#include <omp.h>
void work(int n, int k, const double *x, double *y) {
    double f = k * 0.5 + 1.0;
    #pragma omp parallel
    {
        int t = omp_get_num_threads(), chunk = (n + t - 1) / t, first = omp_get_thread_num() * chunk;
        int last = first + chunk < n ? first + chunk : n;
        for (int i = first; i < last; i++) y[i] = x[i] * f;
    }
}
