// counts: a reduction over an array
// expected: EQUIVALENT
void work(int n, int k, const int *x, int *h) {
    #pragma omp parallel for reduction(+ : h[:k])
    for (int i = 0; i < n; i++) h[x[i]]++;
}
