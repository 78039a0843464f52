// scaled: right only where iterations are dealt out in blocks
// expected: MISMATCH
#include <omp.h>
void work(int n, int k, const double *x, double *y) {
    double f = k * 0.5 + 1.0;
    #pragma omp parallel
    {
        int t = omp_get_num_threads(), rest = n % t, mine = omp_get_thread_num();
        int at = mine * (n / t) + (mine < rest ? mine : rest), end = at + n / t + (mine < rest);
        #pragma omp for schedule(runtime)
        for (int i = 0; i < n; i++)
            if (at < end) y[at++] = x[i] * f;
    }
}
