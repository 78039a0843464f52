// A section of no elements is outside of what OpenMP defines, g++ then leaves the stack; that nothing is to be done is not the port's fault.
// expected: EQUIVALENT
void work(int n, int k, const int *key, double *s) {
    for (int j = 0; j < k; j++) s[j] = 0.0;
    #pragma omp parallel for reduction(+:s[:k])
    for (int i = 0; i < n; i++) s[key[i]] += 1.0;
}
