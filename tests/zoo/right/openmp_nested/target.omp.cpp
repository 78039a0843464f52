// row_sums: a team inside a team
// expected: EQUIVALENT
#include <omp.h>
void work(int n, int m, const double *a, double *s) {
    omp_set_max_active_levels(2);
    #pragma omp parallel for num_threads(2)
    for (int i = 0; i < n; i++) {
        double t = 0.0;
        #pragma omp parallel for reduction(+ : t) num_threads(2)
        for (int j = 0; j < m; j++) t += a[i * m + j];
        s[i] = t;
    }
}
