// scaled: what is left over when the range is cut is not done
// expected: MISMATCH
#include <omp.h>
void work(int n, int k, const double *x, double *y) {
    double f = k * 0.5 + 1.0;
    #pragma omp parallel
    {
        int chunk = n / omp_get_num_threads(), first = omp_get_thread_num() * chunk;
        for (int i = first; i < first + chunk; i++) y[i] = x[i] * f;
    }
}
