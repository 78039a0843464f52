// scaled: a team of two is taken for granted
// expected: MISMATCH
#include <omp.h>
void work(int n, int k, const double *x, double *y) {
    double f = k * 0.5 + 1.0;
    #pragma omp parallel
    {
        int first = omp_get_thread_num() == 0 ? 0 : n / 2, last = omp_get_thread_num() == 0 ? n / 2 : n;
        if (omp_get_thread_num() < 2)
            for (int i = first; i < last; i++) y[i] = x[i] * f;
    }
}
