// Returns the 0-based index of the first element of largest magnitude (0 when n < 1).
int iamax(int n, const float *x)
{
    if (n < 1)
        return 0;
    int best = 0;
    float big = fabsf(x[0]);
    #pragma omp parallel
    {
        int my_best = 0;
        float my_big = fabsf(x[0]);
        #pragma omp for nowait
        for (int i = 1; i < n; i++) {
            float m = fabsf(x[i]);
            if (m > my_big) {
                my_big = m;
                my_best = i;
            }
        }
        #pragma omp critical
        {
            if (my_big > big || (my_big == big && my_best < best)) {
                big = my_big;
                best = my_best;
            }
        }
    }
    return best;
}
